-- $1 project, $2 id, $3 next_ms, $4 trouble
update notification set next_ms = $3, trouble = $4, tries = tries + 1
where project = $1 and id = $2 and sent_ms is null
