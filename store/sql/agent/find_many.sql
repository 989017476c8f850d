-- $1 project, $2 name
select project, name, role, team, capabilities, capacity, registered_at_ms, standing from agent where project = $1 and name = $2
