-- $1 project, $2 item id, $3 cause, $4 since_ms, $5 level, $6 now, $7 escalate_at_ms
insert into escalation (project, item_id, cause, since_ms, level, at_ms, escalate_at_ms)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (project, item_id) do update set cause = excluded.cause, since_ms = excluded.since_ms,
  level = excluded.level, at_ms = excluded.at_ms, escalate_at_ms = excluded.escalate_at_ms
