-- $1 project, $2 id, $3 agent, $4 role, $5 stage, $6 reason, $7 facts, $8 objectives, $9 from session, $10 now
-- No row means that the id is taken, or that the agent has an open session.
insert into session (project, id, agent, role, stage, reason, facts, objectives, from_session, began_at_ms,
  achievements, challenges, learnings, next_steps)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '[]', '[]', '[]', '[]')
on conflict do nothing
