-- $1 project, $2 id
delete from memory where project = $1 and id = $2
