-- $1 project, $2 limit
select agent, role from session where project = $1 and ended_at_ms is null order by agent limit $2
