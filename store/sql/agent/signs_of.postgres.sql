-- $1 projects, $2 names
-- Each of these agents with its last signs of life.
select a.project, a.name, a.role, a.team, a.capabilities, a.capacity, a.registered_at_ms, a.standing,
  p.seen_at_ms, p.waiting_for,
  (select e.at_ms from event e where e.project = a.project and e.agent = a.name and e.name in
    ('work.reported', 'work.submitted', 'work.failed', 'work.lapsed', 'work.released', 'work.handed_off', 'work.offered')
    and e.name <> 'work.lapsed' order by e.seq desc limit 1)
from unnest($1::text[], $2::text[]) as v (project, name)
join agent a on a.project = v.project and a.name = v.name
left join presence p on p.project = a.project and p.agent = a.name
