-- $1 project, $2 now
delete from assignment where project = $1 and until_ms <= $2
