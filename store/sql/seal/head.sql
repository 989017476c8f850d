-- $1 project, $2 number
select number, up_to_seq, count, at_ms, previous, '', hash from seal where project = $1 and number = $2
