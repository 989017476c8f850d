-- $1 project, $2 id
delete from earmark where project = $1 and id = $2
