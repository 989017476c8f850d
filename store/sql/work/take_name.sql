-- $1 project, $2 name, $3 the item that is to have it
-- No row means that some item has it, or had it.
insert into unique_name (project, name, item_id) values ($1, $2, $3) on conflict (project, name) do nothing
