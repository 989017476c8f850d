-- $1 project
select number, up_to_seq, count, at_ms, previous, '', hash from seal
where project = $1 order by number desc limit 1
