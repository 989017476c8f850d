-- $1 project, $2 id, $3 allow, $4 by, $5 at_ms
update permission set allow = $3, answered_by = $4, answered_at_ms = $5
where project = $1 and id = $2 and allow is null
