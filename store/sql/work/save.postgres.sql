-- The columns of save.sql: $1 project, $2 id, $3 the fence as it was read, $4 the state as it was read, $5 state,
-- $6 attempts_used, $7 fence, $8 open_dependencies, $9 rank_ms, $10 holder, $11 lease_until_ms, $12 reason,
-- $13 change_id, $14 proof, $15 progress_percent, $16 progress_note, $17 result, $18 feedback, $19 changed_at_ms,
-- $20 not_before_ms
update work w
set state = v.state, attempts_used = v.attempts_used, fence = v.fence, open_dependencies = v.open_dependencies,
  rank_ms = v.rank_ms, holder = v.holder, lease_until_ms = v.lease_until_ms, reason = v.reason,
  change_id = v.change_id, proof = v.proof, progress_percent = v.progress_percent, progress_note = v.progress_note,
  result = v.result, feedback = v.feedback, changed_at_ms = v.changed_at_ms,
  not_before_ms = v.not_before_ms
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::text[],
  $17::text[], $18::text[], $19::bigint[], $20::bigint[])
  as v (project, id, was_fence, was_state, state, attempts_used, fence, open_dependencies, rank_ms, holder,
    lease_until_ms, reason, change_id, proof, progress_percent, progress_note, result, feedback, changed_at_ms,
    not_before_ms)
where w.project = v.project and w.id = v.id and w.fence = v.was_fence and w.state = v.was_state
