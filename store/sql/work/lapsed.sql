-- $1 project, $2 now, $3 limit
select id from work where project = $1 and state = 'leased' and lease_until_ms <= $2 order by lease_until_ms limit $3
--lock: for update skip locked
