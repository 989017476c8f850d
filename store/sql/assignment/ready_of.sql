-- $1 project, $2 agent, $3 now, $4 limit
-- What is ready and kept for an agent, in the order of claims.
select a.item_id from assignment a join work w on w.project = a.project and w.id = a.item_id
where a.project = $1 and a.agent = $2 and a.until_ms > $3 and w.state = 'ready'
order by w.rank_ms, w.id limit $4
