-- $1 projects, $2 keys, $3 request_digests, $4 answers, $5 times
insert into answer (project, key, request_digest, answer, at_ms)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
