-- $1 project, $2 name, $3 standing
update agent set standing = $3 where project = $1 and name = $2
