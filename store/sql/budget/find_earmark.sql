-- $1 project, $2 id
select id, owner, what, run, item_id, fence, tokens, usd_micros, wall_ms, attempts, at_ms, until_ms
from earmark where project = $1 and id = $2
--lock: for update
