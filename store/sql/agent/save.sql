-- $1 project, $2 name, $3 role, $4 team, $5 capabilities, $6 capacity, $7 now
insert into agent (project, name, role, team, capabilities, capacity, registered_at_ms)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (project, name) do update
set role = excluded.role, team = excluded.team, capabilities = excluded.capabilities, capacity = excluded.capacity
