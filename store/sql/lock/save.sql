-- $1 project, $2 name, $3 holder, $4 fence, $5 until_ms, $6 the fence as it was read
update named_lock set holder = $3, fence = $4, until_ms = $5 where project = $1 and name = $2 and fence = $6
