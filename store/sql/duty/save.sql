-- $1 project, $2 name, $3 holder, $4 fence, $5 until_ms
insert into duty (project, name, holder, fence, until_ms) values ($1, $2, $3, $4, $5)
on conflict (project, name) do update
set holder = excluded.holder, fence = excluded.fence, until_ms = excluded.until_ms
