-- $1 project
select r.item_id, r.holder, r.writes, r.exclusive
from reservation r join work w on w.project = r.project and w.id = r.item_id
where r.project = $1
  and ((w.state = 'leased' and w.fence = r.fence) or (w.state = 'submitted' and w.fence = r.fence + 1))
order by r.item_id
