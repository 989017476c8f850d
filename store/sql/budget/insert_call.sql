-- $1 project, $2 id, $3 at_ms, $4 day, $5 run, $6 item id, $7 fence, $8 agent, $9 trace id, $10 format, $11 model, $12 status,
-- $13 ending, $14 request_bytes, $15 request_sha256, $16 response_bytes, $17 response_sha256, $18 input_tokens,
-- $19 output_tokens, $20 cache_read_tokens, $21 cache_write_tokens, $22 usd_micros, $23 estimated, $24 first_byte_ms,
-- $25 duration_ms
insert into model_call (project, id, at_ms, day, run, item_id, fence, agent, trace_id, format, model, status, ending,
  request_bytes, request_sha256, response_bytes, response_sha256, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, usd_micros, estimated, first_byte_ms, duration_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
on conflict (project, id) do nothing
