-- $1 project, $2 after seq, $3 limit
select seq, at_ms, name, subject, agent, fence, data from event
where project = $1 and seq > $2 order by seq limit $3
