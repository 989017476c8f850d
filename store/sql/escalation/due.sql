-- $1 project, $2 now, $3 limit
select item_id from escalation
where project = $1 and escalate_at_ms is not null and escalate_at_ms <= $2
order by escalate_at_ms limit $3
