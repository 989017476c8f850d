-- $1 project
-- When the next lease ends, and when the next delayed item comes due.
select
  (select min(lease_until_ms) from work where project = $1 and state = 'leased'),
  (select min(not_before_ms) from work where project = $1 and state = 'pending' and open_dependencies = 0)
