-- $1 project, $2 id, $3 body, $4 tags, $5 agent, $6 session, $7 item, $8 now
insert into memory (project, id, body, tags, agent, session_id, item_id, at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (project, id) do nothing
