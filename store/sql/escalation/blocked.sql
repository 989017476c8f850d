-- $1 project, $2 changed no later than, $3 limit
-- Items that are blocked since then, and of which nobody was told.
select w.id from work w where w.project = $1 and w.state = 'blocked' and w.changed_at_ms <= $2
  and not exists (
    select 1 from escalation e where e.project = w.project and e.item_id = w.id and e.since_ms = w.changed_at_ms)
order by w.changed_at_ms limit $3
