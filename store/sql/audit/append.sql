-- $1 project, $2 now, $3 name, $4 subject, $5 agent, $6 fence, $7 data
insert into event (project, at_ms, name, subject, agent, fence, data) values ($1, $2, $3, $4, $5, $6, $7)
