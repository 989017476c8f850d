-- $1 project, $2 id
select m.project, m.id, m.thread_id, m.sender, m.to_kind, m.to_name, m.subject, m.body, m.priority, m.class, m.item_id,
  m.respond_within_ms, m.sent_at_ms
from message m where m.project = $1 and m.id = $2
