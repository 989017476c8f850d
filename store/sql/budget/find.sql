-- $1 project, $2 kind, $3 name
select kind, name, tokens_max, usd_micros_max, wall_ms_max, attempts_max, tokens, usd_micros, wall_ms, attempts,
  tokens_kept, usd_micros_kept, wall_ms_kept, attempts_kept, unpriced, refused_at_ms
from budget where project = $1 and kind = $2 and name = $3
--lock: for update
