-- $1 project, $2 message id, $3 recipient, $4 because_of, $5 escalate_at_ms
-- No row means that the recipient has it already.
insert into delivery (project, message_id, recipient, because_of, level, escalate_at_ms)
values ($1, $2, $3, $4, 0, $5)
on conflict (project, message_id, recipient) do nothing
