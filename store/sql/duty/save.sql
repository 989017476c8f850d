-- $1 project, $2 name, $3 holder, $4 fence, $5 until_ms
-- No row means that somebody else was faster.
insert into duty (project, name, holder, fence, until_ms) values ($1, $2, $3, $4, $5)
on conflict (project, name) do update
set holder = excluded.holder, fence = excluded.fence, until_ms = excluded.until_ms
where duty.fence < excluded.fence or (duty.fence = excluded.fence and duty.holder = excluded.holder)
