-- $1 project, $2 part, $3 name
select part, name, paused, most, rate_most, per_ms, since_ms, used from gate
where project = $1 and part = $2 and name = $3
--lock: for update
