-- $1 projects, $2 ids
select w.id, w.state from unnest($1::text[], $2::text[]) as v (project, id)
join work w on w.project = v.project and w.id = v.id
order by w.project, w.id
--lock: for share of w
