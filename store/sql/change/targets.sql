-- $1 project
-- The branches that have something to land, or a landing to finish.
select target from change where project = $1 and state = 'queued'
union
select target from landing where project = $1 and state = 'begun'
