-- $1 project, $2 agent, $3 limit
-- Of which items holds of the agent ended last, and when.
select subject, at_ms from event where project = $1 and agent = $2 and name in
  ('work.reported', 'work.submitted', 'work.failed', 'work.lapsed', 'work.released', 'work.handed_off', 'work.offered')
order by seq desc limit $3
