-- $1 project, $2 now, $3 limit
-- Assignments of items that are not finished and that nobody holds.
select a.item_id, a.role, a.agent, a.until_ms from assignment a join work w on w.project = a.project and w.id = a.item_id
where a.project = $1 and a.until_ms > $2 and w.state in ('pending', 'ready', 'blocked')
order by a.item_id, a.role limit $3
