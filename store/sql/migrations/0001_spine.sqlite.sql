-- How a large project looks, for the planner: without it, one project counts as ten rows, and whole tables are read
-- where there is an index. The numbers are rows, then rows per distinct value of the first column, of the first two, …
analyze;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
  ('work', 'work', '3000000 3000000 1'),
  ('work', 'work_ready', '100000 100000 2 1'),
  ('work', 'work_ready_for_role', '100000 100000 10000 2 1'),
  ('work', 'work_ready_for_team', '100000 100000 10000 2 1'),
  ('work', 'work_leased', '1000 1000 1'),
  ('work', 'work_held', '1000 1000 2 1'),
  ('work', 'work_waiting', '1000 1000 2'),
  ('work', 'work_in_state', '100000 100000 20000 1'),
  ('work', 'work_done', '1000000 1000000 1'),
  ('work_plan', 'sqlite_autoindex_work_plan_1', '1000000 1000000 1'),
  ('work_dependency', 'work_dependency', '1000000 1000000 3 1'),
  ('event', 'event_of', '10000000 10 10 1'),
  ('workspace', 'workspace', '100000 100000 1'),
  ('workspace', 'workspace_of_grant', '100000 100000 2 1'),
  ('workspace', 'workspace_in_state', '100000 100000 30000 1'),
  ('change', 'change', '1000000 1000000 1'),
  ('change', 'change_queue', '100 100 100 1 1'),
  ('change', 'change_of', '1000000 1000000 2 1'),
  ('change', 'change_in_state', '1000000 1000000 100000 1'),
  ('receipt', 'receipt', '1000000 1000000 1'),
  ('receipt', 'receipt_of', '1000000 1000000 5 2 1'),
  ('landing', 'landing', '1000000 1000000 1'),
  ('landing', 'landing_begun', '2 2 2');
analyze sqlite_schema;
