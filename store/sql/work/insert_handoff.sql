-- $1 project, $2 item id, $3 fence, $4 from_agent, $5 to_agent, $6 to_role, $7 artifacts, $8 context, $9 note,
-- $10 progress_percent, $11 progress_note, $12 workspace id, $13 now
insert into handoff (project, item_id, fence, from_agent, to_agent, to_role, artifacts, context, note,
  progress_percent, progress_note, workspace_id, at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
