-- $1 project, $2 name
select name, holder, fence, until_ms from named_lock where project = $1 and name = $2
--lock: for update
