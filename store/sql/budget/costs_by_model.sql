-- $1 project, $2 since_ms, $3 limit
select coalesce(model, ''), count(*), count(case when ending = 'answered' then 1 end), cast(sum(input_tokens) as bigint),
  cast(sum(output_tokens) as bigint), cast(sum(cache_read_tokens) as bigint), cast(sum(cache_write_tokens) as bigint),
  cast(coalesce(sum(usd_micros), 0) as bigint), count(case when usd_micros is null then 1 end),
  count(case when estimated = 1 then 1 end), cast(sum(duration_ms) as bigint)
from model_call where project = $1 and at_ms >= $2 group by coalesce(model, '') order by coalesce(model, '') limit $3
