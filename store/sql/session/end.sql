-- $1 project, $2 id, $3 now, $4 achievements, $5 challenges, $6 learnings, $7 next steps
update session set ended_at_ms = $3, achievements = $4, challenges = $5, learnings = $6, next_steps = $7
where project = $1 and id = $2 and ended_at_ms is null
