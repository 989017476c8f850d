-- $1 project, $2 agent or null, $3 session or null, $4 item or null, $5 limit
-- Null stands for any.
select id, body, tags, agent, session_id, item_id, at_ms
from memory where project = $1 and (cast($2 as text) is null or agent = $2)
  and (cast($3 as text) is null or session_id = $3) and (cast($4 as text) is null or item_id = $4)
order by id desc limit $5
