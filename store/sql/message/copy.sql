-- $1 project, $2 message id, $3 recipient
select d.recipient, d.because_of, d.read_at_ms, d.acknowledged_at_ms, d.level, d.escalate_at_ms
from delivery d where d.project = $1 and d.message_id = $2 and d.recipient = $3
--lock: for update
