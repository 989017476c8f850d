-- $1 project, $2 after id, $3 limit
select id, title from work where project = $1 and id > $2 order by id desc limit $3
