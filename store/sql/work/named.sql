-- $1 project, $2 name
select item_id from unique_name where project = $1 and name = $2
--lock: for update
