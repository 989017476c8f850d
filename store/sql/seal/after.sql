-- $1 project, $2 after number, $3 limit
select number, up_to_seq, count, at_ms, previous, events, hash from seal
where project = $1 and number > $2 order by number limit $3
