-- $1 project, $2 id, $3 body
update work_plan set body = $3 where project = $1 and id = $2
