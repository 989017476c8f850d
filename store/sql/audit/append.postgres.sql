-- $1 projects, $2 times, $3 names, $4 subjects, $5 agents, $6 fences, $7 data
insert into event (project, at_ms, name, subject, agent, fence, data)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[])
