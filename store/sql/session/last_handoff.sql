-- $1 project, $2 role or null for any, $3 agent
-- What the session left that began last of those in the role or by the agent, and has ended.
select handoff from session
where project = $1 and (cast($2 as text) is null or role = $2 or agent = $3) and handoff is not null
order by id desc limit 1
