-- $1 project
delete from reservation
where project = $1 and not exists (
  select 1 from work w where w.project = reservation.project and w.id = reservation.item_id
    and ((w.state = 'leased' and w.fence = reservation.fence)
      or (w.state = 'submitted' and w.fence = reservation.fence + 1)))
