-- $1 project
select state, count(*) from work where project = $1 group by state
