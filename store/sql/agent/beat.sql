-- $1 project, $2 agent, $3 now, $4 waiting_for
insert into presence (project, agent, seen_at_ms, waiting_for) values ($1, $2, $3, $4)
on conflict (project, agent) do update set seen_at_ms = excluded.seen_at_ms, waiting_for = excluded.waiting_for
