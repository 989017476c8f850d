-- $1 project, $2 item_id, $3 limit
select m.project, m.id, m.thread_id, m.sender, m.to_kind, m.to_name, m.subject, m.body, m.priority, m.class, m.item_id,
  m.respond_within_ms, m.sent_at_ms
from message m where m.project = $1 and m.item_id = $2
order by m.id desc limit $3
