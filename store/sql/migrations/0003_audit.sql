-- The chain of seals over the log of each project. A seal is never changed; its hash covers the one before it.
-- `events` has the number and the digest of every event that it seals; see docs/audit-format.md.
create table seal (
  project    text    not null,
  number     integer not null,
  up_to_seq  integer not null,
  count      integer not null,
  at_ms      integer not null,
  previous   text    not null,
  events     text    not null,
  hash       text    not null,
  primary key (project, number),
  check (number >= 1 and count >= 1)
) strict;
