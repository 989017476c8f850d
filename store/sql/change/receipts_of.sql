-- $1 project, $2 tree
select project, id, tree, check_name, check_digest, command, ending, exit_code, reason, output_digest, output_bytes,
  output_path, tools, duration_ms, at_ms from receipt where project = $1 and tree = $2 order by id
