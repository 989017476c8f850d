-- $1 project
select name, exhausted, until_ms, times, probe_until_ms, why from credential where project = $1 order by name
