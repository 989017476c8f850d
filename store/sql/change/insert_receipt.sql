-- $1 project, $2 id, $3 tree, $4 check_name, $5 check_digest, $6 command, $7 ending, $8 exit_code, $9 output_digest,
-- $10 output_bytes, $11 output_path, $12 tools, $13 duration_ms, $14 at_ms
-- No row means that the id is taken.
insert into receipt (project, id, tree, check_name, check_digest, command, ending, exit_code, output_digest, output_bytes, output_path,
  tools, duration_ms, at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (project, id) do nothing
