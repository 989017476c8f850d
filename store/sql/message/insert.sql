-- $1 project, $2 id, $3 thread id, $4 sender, $5 to_kind, $6 to_name, $7 subject, $8 body, $9 priority, $10 class,
-- $11 item id, $12 respond_within_ms, $13 now
-- No row means that the id is taken.
insert into message (project, id, thread_id, sender, to_kind, to_name, subject, body, priority, class, item_id,
  respond_within_ms, sent_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (project, id) do nothing
