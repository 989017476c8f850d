-- $1 project, $2 id
select project, id, item_id, fence, author, author_role, target, base, commit_id, tree, write_set, workspace_id, reverts,
  approved_by, approved_as, state, reason, landing_id, landed_commit, verified, reverted_by, submitted_at_ms,
  changed_at_ms from change where project = $1 and id = $2
--lock: for update
