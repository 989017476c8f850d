-- $1 project, $2 id, $3 fence
select id from work where project = $1 and id = $2 and fence = $3 and state = 'leased'
