-- $1 project, $2 agent, $3 now
-- A hold whose time is over no longer counts, whether or not anybody has lapsed it.
select count(*) from work where project = $1 and state = 'leased' and holder = $2 and lease_until_ms > $3
