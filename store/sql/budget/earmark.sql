-- $1 project, $2 id, $3 owner, $4 what, $5 run, $6 item id, $7 fence, $8 tokens, $9 usd_micros, $10 wall_ms, $11 attempts,
-- $12 at_ms, $13 until_ms
insert into earmark (project, id, owner, what, run, item_id, fence, tokens, usd_micros, wall_ms, attempts, at_ms, until_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
