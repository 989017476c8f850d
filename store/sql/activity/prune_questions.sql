-- $1 project, $2 older than, $3 limit
delete from permission where project = $1 and id in (
  select id from (select id, asked_at_ms from permission where project = $1 order by project, id limit $3) as oldest
  where asked_at_ms < $2)
