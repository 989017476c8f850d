-- $1 project, $2 item_id, $3 limit
-- The last lines of the last attempts, newest first.
select fence, seq, at_ms, kind, line from activity where project = $1 and item_id = $2
order by project desc, item_id desc, fence desc, seq desc limit $3
