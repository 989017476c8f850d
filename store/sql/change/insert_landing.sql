-- $1 project, $2 id, $3 target, $4 old_commit, $5 new_commit, $6 carries, $7 verified, $8 now
-- No row means that the id is taken.
insert into landing (project, id, target, old_commit, new_commit, carries, verified, state, begun_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, 'begun', $8)
on conflict (project, id) do nothing
