-- $1 project
-- The gates, kept from other claims: whoever counts what is in flight must be the only one. In the order of names, so
-- that two who lock the same rows never wait for each other.
select part, name, paused, most, rate_most, per_ms, since_ms, used from gate
where project = $1 and part <> 'writes' order by part, name
--lock: for update
