-- $1 project, $2 now, $3 limit
select id, item_id, fence, agent, tool, input, asked_at_ms, until_ms, allow, answered_by, answered_at_ms
from permission where project = $1 and allow is null and until_ms > $2 order by until_ms limit $3
