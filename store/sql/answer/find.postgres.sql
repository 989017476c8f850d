-- $1 projects, $2 keys
select a.request_digest, a.answer, a.project, a.key from unnest($1::text[], $2::text[]) as v (project, key)
join answer a on a.project = v.project and a.key = v.key
