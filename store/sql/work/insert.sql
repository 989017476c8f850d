-- $1 project, $2 id, $3 title, $4 state, $5 priority, $6 team, $7 role, $8 attempts_max, $9 open_dependencies,
-- $10 not_before_ms, $11 rank_ms, $12 trace_id, $13 now
-- No row means that the id is taken.
insert into work (project, id, title, state, priority, team, role, attempts_used, attempts_max, fence,
  open_dependencies, not_before_ms, rank_ms, trace_id, added_at_ms, changed_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, 0, $8, 0, $9, $10, $11, $12, $13, $13)
on conflict (project, id) do nothing
