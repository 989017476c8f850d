-- $1 project, $2 id, $3 now
update notification set sent_ms = $3, trouble = null, tries = tries + 1
where project = $1 and id = $2 and sent_ms is null
