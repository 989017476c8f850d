-- $1 project, $2 digest, $3 run, $4 item id, $5 fence, $6 agent, $7 trace id, $8 until_ms
insert into model_pass (project, digest, run, item_id, fence, agent, trace_id, until_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8)
