-- $1 project, $2 now, $3 limit
select id, body, tries from notification where project = $1 and sent_ms is null and next_ms <= $2
order by next_ms limit $3
