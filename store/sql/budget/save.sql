-- $1 project, $2 kind, $3 name, $4 tokens, $5 usd_micros, $6 wall_ms, $7 attempts, $8 tokens_kept, $9 usd_micros_kept,
-- $10 wall_ms_kept, $11 attempts_kept, $12 unpriced, $13 refused_at_ms
update budget set tokens = $4, usd_micros = $5, wall_ms = $6, attempts = $7, tokens_kept = $8, usd_micros_kept = $9,
  wall_ms_kept = $10, attempts_kept = $11, unpriced = $12, refused_at_ms = $13
where project = $1 and kind = $2 and name = $3
