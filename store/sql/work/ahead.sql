-- $1 project, $2 now
-- What there is to do and to look at before an item is taken, mostly nothing: a lease that ran out, an item that came
-- due, gates, reservations, items that are kept for somebody.
select
  (select count(*) from (select 1 from work where project = $1 and state = 'leased' and lease_until_ms <= $2 limit 1) t),
  (select count(*) from (select 1 from work
    where project = $1 and state = 'pending' and open_dependencies = 0 and not_before_ms <= $2 limit 1) t),
  (select count(*) from (select 1 from gate where project = $1 and part <> 'writes' limit 1) t),
  (select count(*) from (select 1 from reservation where project = $1 limit 1) t),
  (select count(*) from (select 1 from assignment where project = $1 and until_ms > $2 limit 1) t)
