-- $1 project, $2 subject, $3 after seq, $4 limit
select seq, at_ms, name, subject, agent, fence, data from event
where project = $1 and subject = $2 and seq > $3 order by seq limit $4
