-- $1 project, $2 workspace_id
select kind, value from environment where project = $1 and workspace_id = $2 order by kind, value
