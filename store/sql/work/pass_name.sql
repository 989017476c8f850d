-- $1 project, $2 name, $3 the item that is to have it
update unique_name set item_id = $3 where project = $1 and name = $2
