-- $1 projects, $2 the items that are needed, $3 the items that need them
insert into work_dependency (project, needs_id, item_id) select * from unnest($1::text[], $2::text[], $3::text[])
