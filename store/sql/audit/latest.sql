-- $1 project, $2 limit
select seq, at_ms, name, subject, agent, fence, data from event
where project = $1 order by seq desc limit $2
