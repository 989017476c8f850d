-- $1 project, $2 id, $3 tree, $4 check_name, $5 check_digest, $6 command, $7 ending, $8 exit_code, $9 reason,
-- $10 output_digest, $11 output_bytes, $12 output_path, $13 tools, $14 duration_ms, $15 at_ms
-- No row means that the id is taken.
insert into receipt (project, id, tree, check_name, check_digest, command, ending, exit_code, reason, output_digest,
  output_bytes, output_path, tools, duration_ms, at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (project, id) do nothing
