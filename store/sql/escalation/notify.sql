-- $1 project, $2 id, $3 body, $4 now
-- No row means that the id is taken.
insert into notification (project, id, body, at_ms, tries, next_ms) values ($1, $2, $3, $4, 0, $4)
on conflict (project, id) do nothing
