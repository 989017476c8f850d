-- $1 projects, $2 item_ids, $3 fences, $4 seqs, $5 times, $6 kinds, $7 lines
insert into activity (project, item_id, fence, seq, at_ms, kind, line)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
on conflict (project, item_id, fence, seq) do nothing
