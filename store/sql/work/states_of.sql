-- $1 project, $2 id
select id, state from work where project = $1 and id = $2
--lock: for share
