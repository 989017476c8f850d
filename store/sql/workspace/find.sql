-- $1 project, $2 id
select project, id, item_id, fence, node, path, branch, base, target, state, supervised, snapshot, cache,
  opened_at_ms, changed_at_ms from workspace where project = $1 and id = $2
--lock: for update
