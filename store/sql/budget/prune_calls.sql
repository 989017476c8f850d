-- $1 project, $2 older than, $3 limit
-- Looks at so many of the oldest.
delete from model_call where project = $1 and id in (
  select id from (select id, at_ms from model_call where project = $1 order by project, id limit $3) as oldest
  where at_ms < $2)
