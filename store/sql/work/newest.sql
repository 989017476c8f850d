-- $1 project, $2 limit
select id, title from work where project = $1 order by id desc limit $2
