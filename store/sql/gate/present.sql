-- $1 project
-- Whether a claim has to look any further: how many gates, how many reservations.
select (select count(*) from gate where project = $1 and part <> 'writes'),
  (select count(*) from reservation where project = $1)
