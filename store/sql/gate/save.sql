-- $1 project, $2 part, $3 name, $4 paused, $5 most, $6 rate_most, $7 per_ms, $8 since_ms, $9 used
insert into gate (project, part, name, paused, most, rate_most, per_ms, since_ms, used)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (project, part, name) do update
set paused = excluded.paused, most = excluded.most, rate_most = excluded.rate_most, per_ms = excluded.per_ms,
  since_ms = excluded.since_ms, used = excluded.used
