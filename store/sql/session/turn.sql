-- $1 project
-- The oldest session is there for ever: whoever is to be given a role waits here for whoever is being given one.
select id from session where project = $1 order by id limit 1
--lock: for update
