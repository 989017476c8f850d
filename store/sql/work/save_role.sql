-- $1 project, $2 id, $3 role
update work set role = $3 where project = $1 and id = $2
