-- $1 project, $2 item_id, $3 fence, $4 seq, $5 at_ms, $6 kind, $7 line
insert into activity (project, item_id, fence, seq, at_ms, kind, line) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (project, item_id, fence, seq) do nothing
