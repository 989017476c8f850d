-- $1 project, $2 since_ms, $3 limit
select id, at_ms, day, run, item_id, fence, agent, trace_id, format, model, status, ending, request_bytes, request_sha256,
  response_bytes, response_sha256, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, usd_micros,
  estimated, first_byte_ms, duration_ms
from model_call where project = $1 and at_ms >= $2 order by id desc limit $3
