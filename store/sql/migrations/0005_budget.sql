-- Accounts: what may be spent, what was, and what is set aside. A limit that is null is none. That of all projects is
-- kept under the reserved project.
create table budget (
  project          text    not null,
  kind             text    not null,
  name             text    not null,
  tokens_max       integer,
  usd_micros_max   integer,
  wall_ms_max      integer,
  attempts_max     integer,
  tokens           integer not null,
  usd_micros       integer not null,
  wall_ms          integer not null,
  attempts         integer not null,
  tokens_kept      integer not null,
  usd_micros_kept  integer not null,
  wall_ms_kept     integer not null,
  attempts_kept    integer not null,
  unpriced         integer not null,
  refused_at_ms    integer,
  primary key (project, kind, name),
  check (kind in ('org', 'project', 'run', 'item', 'attempt')),
  check (tokens >= 0 and usd_micros >= 0 and wall_ms >= 0 and attempts >= 0 and unpriced >= 0),
  check (tokens_kept >= 0 and usd_micros_kept >= 0 and wall_ms_kept >= 0 and attempts_kept >= 0)
) strict, without rowid;

-- What is set aside for something that is under way.
create table earmark (
  project     text    not null,
  id          text    not null,
  owner       text    not null,
  what        text    not null,
  run         text,
  item_id     text,
  fence       integer,
  tokens      integer not null,
  usd_micros  integer not null,
  wall_ms     integer not null,
  attempts    integer not null,
  at_ms       integer not null,
  until_ms    integer not null,
  primary key (project, id)
) strict, without rowid;

-- Calls of models: who called what, how much it used. Sizes and hashes, no content.
create table model_call (
  project             text    not null,
  id                  text    not null,
  at_ms               integer not null,
  day                 integer not null,
  run                 text,
  item_id             text,
  fence               integer,
  agent               text    not null,
  trace_id            text    not null,
  format              text    not null,
  model               text    not null,
  status              integer,
  ending              text    not null,
  request_bytes       integer not null,
  request_sha256      text    not null,
  response_bytes      integer not null,
  response_sha256     text    not null,
  input_tokens        integer not null,
  output_tokens       integer not null,
  cache_read_tokens   integer not null,
  cache_write_tokens  integer not null,
  usd_micros          integer,
  estimated           integer not null,
  first_byte_ms       integer,
  duration_ms         integer not null,
  primary key (project, id),
  check (ending in ('answered', 'failed', 'cut', 'refused')),
  check (estimated in (0, 1))
) strict, without rowid;

-- How things stand with the key of a provider; the name holds a part of its digest.
create table credential (
  project         text    not null,
  name            text    not null,
  exhausted       integer not null,
  until_ms        integer,
  times           integer not null,
  probe_until_ms  integer,
  why             text    not null,
  primary key (project, name),
  check (exhausted in (0, 1))
) strict, without rowid;

-- Who may call models through a server, by the digest of a token.
create table model_pass (
  project   text    not null,
  digest    text    not null,
  run       text    not null,
  item_id   text,
  fence     integer,
  agent     text    not null,
  trace_id  text    not null,
  until_ms  integer not null,
  primary key (digest)
) strict, without rowid;
