-- $1 project, $2 first holder, $3 last holder
-- What agents hold, with when each got on with it.
select w.holder, w.id, w.fence, w.lease_until_ms, w.changed_at_ms,
  (select e.at_ms from event e where e.subject = w.id and e.project = w.project
    and e.name in ('work.claimed', 'work.handed_off', 'work.progressed') order by e.seq desc limit 1)
from work w where w.project = $1 and w.state = 'leased' and w.holder >= $2 and w.holder <= $3
order by w.holder, w.lease_until_ms
