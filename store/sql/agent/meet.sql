-- $1 project, $2 name, $3 now
-- No row means that it is known already.
insert into agent (project, name, capabilities, registered_at_ms) values ($1, $2, '[]', $3)
on conflict (project, name) do nothing
