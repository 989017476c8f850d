-- $1 project, $2 id
select id, body, tags, agent, session_id, item_id, at_ms
from memory where project = $1 and id = $2
--lock: for update
