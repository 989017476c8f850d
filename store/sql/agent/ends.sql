-- $1 project, $2 agent, $3 limit
-- How the latest holds of an agent ended, newest first, and when each had begun.
select e.name, e.at_ms,
  (select c.at_ms from event c where c.subject = e.subject and c.project = e.project and c.seq < e.seq
    and ((c.name = 'work.claimed' and c.fence = e.fence) or (c.name = 'work.handed_off' and c.fence = e.fence - 1))
    order by c.seq desc limit 1)
from event e where e.project = $1 and e.agent = $2 and e.name in
  ('work.reported', 'work.submitted', 'work.failed', 'work.lapsed', 'work.released', 'work.handed_off', 'work.offered')
order by e.seq desc limit $3
