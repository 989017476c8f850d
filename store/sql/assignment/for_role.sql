-- $1 project, $2 item id, $3 role, $4 now
select agent, until_ms from assignment where project = $1 and item_id = $2 and role = $3 and until_ms > $4
