-- $1 project, $2 kind, $3 name, $4 tokens_max, $5 usd_micros_max, $6 wall_ms_max, $7 attempts_max
update budget set tokens_max = $4, usd_micros_max = $5, wall_ms_max = $6, attempts_max = $7, refused_at_ms = null
where project = $1 and kind = $2 and name = $3
