-- $1 project, $2 first seq, $3 last seq
delete from event where project = $1 and seq >= $2 and seq <= $3
