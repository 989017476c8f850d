-- How a large project looks, for the planner.
insert into sqlite_stat1 (tbl, idx, stat) values ('seal', 'sqlite_autoindex_seal_1', '10000 10000 1');
analyze sqlite_schema;
