-- $1 project, $2 name
select name, exhausted, until_ms, times, probe_until_ms, why from credential where project = $1 and name = $2
--lock: for update
