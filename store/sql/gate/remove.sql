-- $1 project, $2 part, $3 name
delete from gate where project = $1 and part = $2 and name = $3
