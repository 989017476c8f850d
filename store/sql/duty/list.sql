-- $1 project
select name, holder, fence, until_ms from duty where project = $1 order by name
