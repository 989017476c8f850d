-- $1 project, $2 older than, $3 limit
-- Looks at so many of the oldest items' lines.
delete from activity where project = $1 and (project, item_id, fence, seq) in (
  select project, item_id, fence, seq from (
    select project, item_id, fence, seq, at_ms from activity where project = $1
    order by project, item_id, fence, seq limit $3) as oldest
  where at_ms < $2)
