-- The columns of insert.sql: $1 project, $2 id, $3 title, $4 state, $5 priority, $6 team, $7 role, $8 attempts_max,
-- $9 open_dependencies, $10 not_before_ms, $11 rank_ms, $12 trace_id, $13 now
insert into work (project, id, title, state, priority, team, role, attempts_used, attempts_max, fence,
  open_dependencies, not_before_ms, rank_ms, trace_id, added_at_ms, changed_at_ms)
select v.project, v.id, v.title, v.state, v.priority, v.team, v.role, 0, v.attempts_max, 0,
  v.open_dependencies, v.not_before_ms, v.rank_ms, v.trace_id, v.at_ms, v.at_ms
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[])
  as v (project, id, title, state, priority, team, role, attempts_max, open_dependencies, not_before_ms, rank_ms,
    trace_id, at_ms)
on conflict (project, id) do nothing
