-- $1 project, $2 id, $3 item_id, $4 fence, $5 agent, $6 tool, $7 input, $8 asked_at_ms, $9 until_ms
insert into permission (project, id, item_id, fence, agent, tool, input, asked_at_ms, until_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
