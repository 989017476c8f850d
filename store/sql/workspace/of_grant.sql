-- $1 project, $2 item_id, $3 fence
select project, id, item_id, fence, node, path, branch, base, target, state, supervised, snapshot, cache,
  opened_at_ms, changed_at_ms from workspace where project = $1 and item_id = $2 and fence = $3
--lock: for update
