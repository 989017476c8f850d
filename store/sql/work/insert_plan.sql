-- $1 project, $2 id, $3 body
insert into work_plan (project, id, body) values ($1, $2, $3)
