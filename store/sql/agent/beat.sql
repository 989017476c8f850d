-- $1 project, $2 agent, $3 now, $4 waiting_for
-- Changes nothing for one that is not registered.
insert into presence (project, agent, seen_at_ms, waiting_for)
select a.project, a.name, cast($3 as bigint), cast($4 as text) from agent a
where a.project = $1 and a.name = $2 and a.standing <> 'retired'
on conflict (project, agent) do update set seen_at_ms = excluded.seen_at_ms, waiting_for = excluded.waiting_for
