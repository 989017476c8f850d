-- $1 project, $2 id, $3 document
update session set handoff = $3 where project = $1 and id = $2
