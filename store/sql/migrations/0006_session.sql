-- Sessions: agents at work in a role, and what each left for the next. Lists are JSON.
create table session (
  project       text    not null,
  id            text    not null,
  agent         text    not null,
  role          text    not null,
  stage         text    not null,
  reason        text    not null,
  facts         text    not null,
  objectives    text    not null,
  from_session  text,
  began_at_ms   integer not null,
  ended_at_ms   integer,
  achievements  text    not null,
  challenges    text    not null,
  learnings     text    not null,
  next_steps    text    not null,
  handoff       text,
  primary key (project, id),
  check (ended_at_ms is null or ended_at_ms >= began_at_ms),
  check (handoff is null or ended_at_ms is not null)
) strict, without rowid;

-- An agent has one open session at most.
create unique index session_open on session (project, agent) where ended_at_ms is null;

-- Notes that agents keep for each other.
create table memory (
  project     text    not null,
  id          text    not null,
  body        text    not null,
  tags        text    not null,
  agent       text,
  session_id  text,
  item_id     text,
  at_ms       integer not null,
  primary key (project, id)
) strict, without rowid;
