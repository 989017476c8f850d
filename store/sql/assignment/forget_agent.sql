-- $1 project, $2 agent
delete from assignment where project = $1 and agent = $2
