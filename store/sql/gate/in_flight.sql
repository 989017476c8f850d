-- $1 project, $2 now
-- What is held, as far as gates look at it. A hold whose time is over no longer counts.
select w.team, w.role, p.body from work w join work_plan p on p.project = w.project and p.id = w.id
where w.project = $1 and w.state = 'leased' and w.lease_until_ms > $2
