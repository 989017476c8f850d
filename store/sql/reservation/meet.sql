-- $1 project
insert into gate (project, part, name, since_ms, used) values ($1, 'writes', '', 0, 0)
on conflict (project, part, name) do nothing
