-- $1 project
select part, name, paused, most, rate_most, per_ms, since_ms, used from gate
where project = $1 and part <> 'writes' order by part, name
