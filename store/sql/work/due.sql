-- $1 project, $2 now, $3 limit
select id from work
where project = $1 and state = 'pending' and open_dependencies = 0 and not_before_ms <= $2
order by not_before_ms limit $3
--lock: for update skip locked
