-- $1 project, $2 target
select project, id, target, old_commit, new_commit, carries, verified, state, begun_at_ms from landing
where project = $1 and target = $2 and state = 'begun' order by id
