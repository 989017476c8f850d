-- $1 project, $2 message id, $3 recipient, $4 read_at_ms, $5 acknowledged_at_ms, $6 level, $7 escalate_at_ms
update delivery set read_at_ms = $4, acknowledged_at_ms = $5, level = $6, escalate_at_ms = $7
where project = $1 and message_id = $2 and recipient = $3
