-- $1 projects, $2 first holders, $3 last holders
-- What agents hold, with when each got on with it.
select w.holder, w.id, w.fence, w.lease_until_ms, w.changed_at_ms,
  (select e.at_ms from event e where e.subject = w.id and e.project = w.project
    and e.name in ('work.claimed', 'work.handed_off', 'work.progressed') order by e.seq desc limit 1)
from unnest($1::text[], $2::text[], $3::text[]) as v (project, first, last)
join work w on w.project = v.project and w.state = 'leased' and w.holder >= v.first and w.holder <= v.last
order by w.holder, w.lease_until_ms
