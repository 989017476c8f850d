-- $1 project, $2 workspace_id
delete from environment where project = $1 and workspace_id = $2
