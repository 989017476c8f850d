-- $1 project, $2 id, $3 item_id, $4 fence, $5 author, $6 author_role, $7 target, $8 base, $9 commit_id, $10 tree,
-- $11 write_set, $12 workspace_id, $13 reverts, $14 now
-- No row means that the id is taken.
insert into change (project, id, item_id, fence, author, author_role, target, base, commit_id, tree, write_set, workspace_id, reverts,
  approved_by, approved_as, state, reason, landing_id, landed_commit, verified, reverted_by, submitted_at_ms,
  changed_at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, null, null, 'queued', null, null, null, null, null,
  $14, $14)
on conflict (project, id) do nothing
