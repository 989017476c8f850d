-- $1 project, $2 after id, $3 agent or null for any, $4 1 for open ones alone, $5 limit
select id, agent, role, stage, reason, facts, objectives, from_session, began_at_ms, ended_at_ms, achievements,
  challenges, learnings, next_steps
from session where project = $1 and id > $2 and (cast($3 as text) is null or agent = $3)
  and (cast($4 as bigint) = 0 or ended_at_ms is null)
order by id limit $5
