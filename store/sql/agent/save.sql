-- $1 project, $2 name, $3 role, $4 team, $5 capabilities, $6 capacity, $7 now, $8 standing
insert into agent (project, name, role, team, capabilities, capacity, registered_at_ms, standing)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (project, name) do update
set role = excluded.role, team = excluded.team, capabilities = excluded.capabilities, capacity = excluded.capacity,
  standing = excluded.standing
