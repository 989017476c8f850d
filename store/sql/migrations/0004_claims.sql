-- What keeps ready work back for a while. A project without gates has no rows here, and a claim finds that out with
-- one look. `part` and `name` say before what: project, team, role, type, or a rate key. A row for `writes` keeps nothing
-- back; whoever looks at what is being written locks it.
create table gate (
  project    text    not null,
  part       text    not null,
  name       text    not null,
  paused     text,
  most       integer,
  rate_most  integer,
  per_ms     integer,
  since_ms   integer not null,
  used       integer not null,
  primary key (project, part, name),
  check (part in ('project', 'team', 'role', 'type', 'rate', 'writes')),
  check (most is null or most >= 1),
  check ((rate_most is null) = (per_ms is null))
) strict, without rowid;

-- Which item was the last to have a name that only one open item may have.
create table unique_name (
  project  text not null,
  name     text not null,
  item_id  text not null,
  primary key (project, name)
) strict, without rowid;

-- Locks that agents take by name, across worktrees. A lock that was given back keeps its row, so that fences rise.
create table named_lock (
  project   text    not null,
  name      text    not null,
  holder    text,
  fence     integer not null,
  until_ms  integer not null,
  primary key (project, name),
  check (fence >= 1)
) strict, without rowid;

-- What is being written by those who have items, or made what waits to land. A row counts as long as its item is held
-- under its fence, or was submitted under it.
create table reservation (
  project    text    not null,
  item_id    text    not null,
  fence      integer not null,
  holder     text    not null,
  writes     text    not null,
  exclusive  integer not null,
  primary key (project, item_id),
  check (exclusive in (0, 1))
) strict, without rowid;
