-- $1 project, $2 item id, $3 role, $4 agent, $5 now, $6 until_ms
insert into assignment (project, item_id, role, agent, at_ms, until_ms) values ($1, $2, $3, $4, $5, $6)
on conflict (project, item_id, role) do update
set agent = excluded.agent, at_ms = excluded.at_ms, until_ms = excluded.until_ms
