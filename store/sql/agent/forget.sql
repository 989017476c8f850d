-- $1 project, $2 agent
delete from presence where project = $1 and agent = $2
