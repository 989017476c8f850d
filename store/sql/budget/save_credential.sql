-- $1 project, $2 name, $3 exhausted, $4 until_ms, $5 times, $6 probe_until_ms, $7 why
insert into credential (project, name, exhausted, until_ms, times, probe_until_ms, why) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (project, name) do update set exhausted = excluded.exhausted, until_ms = excluded.until_ms,
  times = excluded.times, probe_until_ms = excluded.probe_until_ms, why = excluded.why
