-- $1 project, $2 thread id, $3 recipient
-- What the recipient has not acknowledged in a thread.
select m.id
from message m join delivery d on d.project = m.project and d.message_id = m.id
where m.project = $1 and m.thread_id = $2 and d.recipient = $3 and d.acknowledged_at_ms is null
order by m.id
