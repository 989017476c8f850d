-- The columns of beat.sql: $1 project, $2 agent, $3 now, $4 waiting_for
-- In the order of names, so that two who write the same rows never wait for each other.
insert into presence (project, agent, seen_at_ms, waiting_for)
select a.project, a.name, v.at_ms, v.waiting_for
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as v (project, name, at_ms, waiting_for)
join agent a on a.project = v.project and a.name = v.name
where a.standing <> 'retired'
order by a.project, a.name
on conflict (project, agent) do update set seen_at_ms = excluded.seen_at_ms, waiting_for = excluded.waiting_for
