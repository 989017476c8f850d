-- $1 project, $2 id
select handoff from session where project = $1 and id = $2
