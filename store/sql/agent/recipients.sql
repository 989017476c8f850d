-- $1 project, $2 role or null for any, $3 team or null for any, $4 limit
-- Who is registered and not retired.
select name from agent
where project = $1 and (cast($2 as text) is null or role = $2) and (cast($3 as text) is null or team = $3)
  and standing <> 'retired'
order by name limit $4
