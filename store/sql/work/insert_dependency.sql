-- $1 project, $2 the item that is needed, $3 the item that needs it
insert into work_dependency (project, needs_id, item_id) values ($1, $2, $3)
