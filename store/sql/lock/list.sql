-- $1 project, $2 after name, $3 limit
select name, holder, fence, until_ms from named_lock
where project = $1 and holder is not null and name > $2 order by name limit $3
