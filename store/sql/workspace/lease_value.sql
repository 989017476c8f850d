-- $1 node, $2 kind, $3 value, $4 project, $5 workspace_id
-- No row means that somebody has it.
insert into environment (node, kind, value, project, workspace_id) values ($1, $2, $3, $4, $5)
on conflict (node, kind, value) do nothing
