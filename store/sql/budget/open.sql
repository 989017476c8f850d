-- $1 project, $2 kind, $3 name
-- No row means that somebody else was faster.
insert into budget (project, kind, name, tokens, usd_micros, wall_ms, attempts, tokens_kept, usd_micros_kept, wall_ms_kept,
  attempts_kept, unpriced)
values ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
on conflict (project, kind, name) do nothing
