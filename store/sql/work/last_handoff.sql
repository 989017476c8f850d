-- $1 project, $2 item id
select item_id, fence, from_agent, to_agent, to_role, artifacts, context, note, progress_percent, progress_note,
  workspace_id, at_ms
from handoff where project = $1 and item_id = $2
order by fence desc limit 1
