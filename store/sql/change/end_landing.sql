-- $1 project, $2 id, $3 state
update landing set state = $3 where project = $1 and id = $2 and state = 'begun'
