-- $1 project, $2 after id, $3 agent or null, $4 session or null, $5 item or null, $6 limit
-- Null stands for any.
select id, body, tags, agent, session_id, item_id, at_ms
from memory where project = $1 and id > $2 and (cast($3 as text) is null or agent = $3)
  and (cast($4 as text) is null or session_id = $4) and (cast($5 as text) is null or item_id = $5)
order by id limit $6
