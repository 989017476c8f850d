-- $1 project, $2 now
select 1 from assignment where project = $1 and until_ms > $2 limit 1
