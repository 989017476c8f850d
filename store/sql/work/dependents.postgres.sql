-- $1 projects, $2 the items that are needed
select d.item_id, d.needs_id from unnest($1::text[], $2::text[]) as v (project, needs_id)
join work_dependency d on d.project = v.project and d.needs_id = v.needs_id
order by d.item_id
