-- $1 project, $2 key, $3 request_digest, $4 answer, $5 now
insert into answer (project, key, request_digest, answer, at_ms) values ($1, $2, $3, $4, $5)
