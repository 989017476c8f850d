-- How a large project looks, for the planner.
insert into sqlite_stat1 (tbl, idx, stat) values
  ('message', 'message', '1000000 1000000 1'),
  ('message', 'message_of_thread', '1000000 1000000 5 1'),
  ('delivery', 'delivery', '3000000 3000000 3 1'),
  ('delivery', 'delivery_inbox', '3000000 3000000 300 1'),
  ('delivery', 'delivery_open', '30000 30000 10 1'),
  ('delivery', 'delivery_due', '1000 1000 1'),
  ('handoff', 'handoff', '100000 100000 2 1'),
  ('presence', 'presence', '10000 10000 1'),
  ('assignment', 'assignment', '10000 10000 3 1'),
  ('assignment', 'assignment_of', '10000 10000 10 1'),
  ('assignment', 'assignment_age', '10000 10000 1'),
  ('escalation', 'escalation', '10000 10000 1'),
  ('escalation', 'escalation_due', '100 100 1'),
  ('notification', 'notification', '10000 10000 1'),
  ('notification', 'notification_due', '10 10 1'),
  ('notification', 'notification_age', '10000 10000 1'),
  ('work', 'work_blocked', '1000 1000 1'),
  ('work', 'work_dead', '1000 1000 1'),
  ('work', 'work_failed', '100 100 1'),
  ('event', 'event_of_agent', '1000000 1000000 1000 1');
analyze sqlite_schema;
