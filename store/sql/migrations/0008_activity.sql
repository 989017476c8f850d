-- What agents did while they worked, in short lines; the last of each attempt.
create table activity (
  project  text    not null,
  item_id  text    not null,
  fence    integer not null,
  seq      integer not null,
  at_ms    integer not null,
  kind     text    not null,
  line     text    not null,
  primary key (project, item_id, fence, seq)
) strict, without rowid;

-- Questions of agents whether they may, for a person.
create table permission (
  project         text    not null,
  id              text    not null,
  item_id         text    not null,
  fence           integer not null,
  agent           text    not null,
  tool            text    not null,
  input           text    not null,
  asked_at_ms     integer not null,
  until_ms        integer not null,
  allow           integer,
  answered_by     text,
  answered_at_ms  integer,
  primary key (project, id),
  check (allow in (0, 1))
) strict, without rowid;

create index permission_open on permission (project, until_ms) where allow is null;

create index message_about on message (project, item_id, id) where item_id is not null;
