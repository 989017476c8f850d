-- $1 project, $2 state, $3 after id, $4 limit
select project, id, item_id, fence, node, path, branch, base, target, state, supervised, snapshot, cache,
  opened_at_ms, changed_at_ms from workspace where project = $1 and state = $2 and id > $3 order by id limit $4
