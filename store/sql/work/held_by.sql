-- $1 project, $2 agent
select count(*) from work where project = $1 and state = 'leased' and holder = $2
