-- $1 project, $2 name
select holder, fence, until_ms from duty where project = $1 and name = $2
--lock: for update
