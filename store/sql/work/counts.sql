-- $1 project
select state, count(*) from work where project = $1 and state not in ('leased', 'done') group by state
union all
select 'leased', count(*) from work where project = $1 and state = 'leased'
union all
select 'done', count(*) from work where project = $1 and state = 'done'
