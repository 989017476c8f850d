-- $1 project, $2 older than, $3 limit
delete from answer where project = $1 and key in (
  select key from answer where project = $1 and at_ms < $2 order by at_ms limit $3)
