-- $1 project, $2 name, $3 holder, $4 fence, $5 until_ms
-- No row means that somebody else was faster.
insert into named_lock (project, name, holder, fence, until_ms) values ($1, $2, $3, $4, $5)
on conflict (project, name) do nothing
