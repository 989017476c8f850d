-- $1 project
select role from session where project = $1 order by id desc limit 1
