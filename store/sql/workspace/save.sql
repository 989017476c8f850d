-- $1 project, $2 id, $3 the state as it was read, $4 state, $5 path, $6 snapshot, $7 cache, $8 supervised, $9 now
update workspace set state = $4, path = $5, snapshot = $6, cache = $7, supervised = $8, changed_at_ms = $9
where project = $1 and id = $2 and state = $3
