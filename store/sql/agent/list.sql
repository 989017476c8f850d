-- $1 project, $2 after name, $3 limit
select project, name, role, team, capabilities, capacity, registered_at_ms, standing
from agent where project = $1 and name > $2 order by name limit $3
