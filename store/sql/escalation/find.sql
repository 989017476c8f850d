-- $1 project, $2 item id
select since_ms, level from escalation where project = $1 and item_id = $2
--lock: for update
