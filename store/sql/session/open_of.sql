-- $1 project, $2 agent
select id, agent, role, stage, reason, facts, objectives, from_session, began_at_ms, ended_at_ms, achievements,
  challenges, learnings, next_steps
from session where project = $1 and agent = $2 and ended_at_ms is null
--lock: for update
