-- $1 project, $2 id
select id, item_id, fence, agent, tool, input, asked_at_ms, until_ms, allow, answered_by, answered_at_ms
from permission where project = $1 and id = $2
--lock: for update
