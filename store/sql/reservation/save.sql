-- $1 project, $2 item, $3 fence, $4 holder, $5 writes, $6 exclusive
insert into reservation (project, item_id, fence, holder, writes, exclusive) values ($1, $2, $3, $4, $5, $6)
on conflict (project, item_id) do update
set fence = excluded.fence, holder = excluded.holder, writes = excluded.writes, exclusive = excluded.exclusive
