-- $1 projects, $2 names
select a.project, a.name, a.role, a.team, a.capabilities, a.capacity, a.registered_at_ms, a.standing
from unnest($1::text[], $2::text[]) as v (project, name)
join agent a on a.project = v.project and a.name = v.name
