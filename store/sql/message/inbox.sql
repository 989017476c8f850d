-- $1 project, $2 recipient, $3 after id, $4 limit
-- What the recipient has not acknowledged.
select m.project, m.id, m.thread_id, m.sender, m.to_kind, m.to_name, m.subject, m.body, m.priority, m.class, m.item_id,
  m.respond_within_ms, m.sent_at_ms,
  d.recipient, d.because_of, d.read_at_ms, d.acknowledged_at_ms, d.level, d.escalate_at_ms
from delivery d join message m on m.project = d.project and m.id = d.message_id
where d.project = $1 and d.recipient = $2 and d.acknowledged_at_ms is null and d.message_id > $3
order by d.message_id limit $4
