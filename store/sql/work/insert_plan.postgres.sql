-- $1 projects, $2 ids, $3 bodies
insert into work_plan (project, id, body) select * from unnest($1::text[], $2::text[], $3::text[])
