-- $1 project, $2 key
delete from answer where project = $1 and key = $2
