-- $1 project, $2 id, $3 item_id, $4 fence, $5 node, $6 path, $7 branch, $8 base, $9 target, $10 supervised, $11 cache,
-- $12 now
-- No row means that the id is taken.
insert into workspace (project, id, item_id, fence, node, path, branch, base, target, state, supervised, snapshot, cache,
  opened_at_ms, changed_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, null, $11, $12, $12)
on conflict (project, id) do nothing
