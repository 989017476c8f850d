-- $1 project, $2 id, $3 the fence as it was read, $4 the state as it was read, $5 state, $6 attempts_used, $7 fence,
-- $8 open_dependencies, $9 rank_ms, $10 holder, $11 lease_until_ms, $12 reason, $13 change_id, $14 proof,
-- $15 progress_percent, $16 progress_note, $17 result, $18 feedback, $19 changed_at_ms,
-- $20 not_before_ms
-- No row means that somebody else was faster.
update work
set state = $5, attempts_used = $6, fence = $7, open_dependencies = $8, rank_ms = $9, holder = $10,
  lease_until_ms = $11, reason = $12, change_id = $13, proof = $14, progress_percent = $15, progress_note = $16,
  result = $17, feedback = $18, changed_at_ms = $19, not_before_ms = $20
where project = $1 and id = $2 and fence = $3 and state = $4
