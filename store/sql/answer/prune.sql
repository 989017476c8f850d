-- $1 project, $2 older than, $3 limit
-- Answers to imports stay: a backlog is imported again whenever its owner likes.
delete from answer where project = $1 and key in (
  select key from answer where project = $1 and at_ms < $2 and key not like 'import %' order by at_ms limit $3)
