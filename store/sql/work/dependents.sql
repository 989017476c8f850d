-- $1 project, $2 the item that is needed
select item_id, needs_id from work_dependency where project = $1 and needs_id = $2 order by item_id
