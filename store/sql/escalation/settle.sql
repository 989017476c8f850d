-- $1 project, $2 item id
update escalation set escalate_at_ms = null where project = $1 and item_id = $2
