-- $1 project, $2 number, $3 up_to_seq, $4 count, $5 at_ms, $6 previous, $7 events, $8 hash
-- No row means that somebody else was faster.
insert into seal (project, number, up_to_seq, count, at_ms, previous, events, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (project, number) do nothing
