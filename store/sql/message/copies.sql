-- $1 project, $2 message id
select d.recipient, d.because_of, d.read_at_ms, d.acknowledged_at_ms, d.level, d.escalate_at_ms
from delivery d where d.project = $1 and d.message_id = $2
order by d.recipient
