-- $1 project, $2 id, $3 the state as it was read, $4 fence, $5 approved_by, $6 approved_as, $7 state, $8 reason,
-- $9 landing_id, $10 landed_commit, $11 verified, $12 reverted_by, $13 now
-- No row means that somebody else was faster.
update change
set fence = $4, approved_by = $5, approved_as = $6, state = $7, reason = $8, landing_id = $9, landed_commit = $10,
  verified = $11, reverted_by = $12, changed_at_ms = $13
where project = $1 and id = $2 and state = $3
