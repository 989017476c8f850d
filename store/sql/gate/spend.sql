-- $1 project, $2 part, $3 name, $4 since_ms, $5 used
update gate set since_ms = $4, used = $5 where project = $1 and part = $2 and name = $3
