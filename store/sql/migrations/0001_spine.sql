-- The spine: work, agents, the log, workspaces, changes, duties.
-- Times are Unix milliseconds, ids and states are text, JSON is text that Rust reads.

create table work (
  project            text    not null,
  id                 text    not null,
  title              text    not null,
  state              text    not null,
  priority           text    not null,
  team               text,
  role               text,
  attempts_used      integer not null,
  attempts_max       integer not null,
  fence              integer not null,
  open_dependencies  integer not null,
  not_before_ms      integer,
  rank_ms            integer not null,
  holder             text,
  lease_until_ms     integer,
  reason             text,
  change_id          text,
  proof              text,
  progress_percent   integer,
  progress_note      text,
  result             text,
  feedback           text,
  trace_id           text    not null,
  added_at_ms        integer not null,
  changed_at_ms      integer not null,
  primary key (project, id),
  check (state in ('pending', 'ready', 'leased', 'blocked', 'submitted', 'done', 'dead', 'cancelled')),
  check (priority in ('low', 'medium', 'high', 'critical')),
  check ((state = 'leased') = (holder is not null)),
  check ((holder is null) = (lease_until_ms is null)),
  check (state <> 'leased' or fence > 0),
  check (state <> 'ready' or open_dependencies = 0),
  check (state <> 'submitted' or change_id is not null),
  check ((state = 'done') = (proof is not null)),
  check (proof is null or proof in ('reported', 'observed', 'verified')),
  check (progress_percent is null or progress_percent between 0 and 100),
  check (attempts_used >= 0 and attempts_max >= 1 and fence >= 0 and open_dependencies >= 0)
) strict, without rowid;

-- What is claimable, in the order of claims; finished items cost a claim nothing.
create index work_ready on work (project, rank_ms, id) where state = 'ready';
create index work_ready_for_role on work (project, role, rank_ms, id) where state = 'ready';
create index work_ready_for_team on work (project, team, rank_ms, id) where state = 'ready';
create index work_leased on work (project, lease_until_ms) where state = 'leased';
create index work_held on work (project, holder, lease_until_ms) where state = 'leased';
create index work_waiting on work (project, not_before_ms) where state = 'pending' and open_dependencies = 0;
-- What is listed by state. A claim and a report write to as few of these as can be.
create index work_in_state on work (project, state, id) where state not in ('leased', 'done');
create index work_done on work (project, id) where state = 'done';

-- What was asked for, as JSON; never changes, so that no lease rewrites a long description.
create table work_plan (
  project  text not null,
  id       text not null,
  body     text not null,
  primary key (project, id)
) strict;

create table work_dependency (
  project   text not null,
  needs_id  text not null,
  item_id   text not null,
  primary key (project, needs_id, item_id)
) strict, without rowid;

create table agent (
  project           text    not null,
  name              text    not null,
  role              text,
  team              text,
  capabilities      text    not null,
  capacity          integer,
  registered_at_ms  integer not null,
  primary key (project, name),
  check (capacity is null or capacity >= 1)
) strict, without rowid;

-- The log. `fence` is that of the hold under which something happened, or that a claim gave.
create table event (
  seq      integer primary key,
  project  text    not null,
  at_ms    integer not null,
  name     text    not null,
  subject  text    not null,
  agent    text,
  fence    integer,
  data     text    not null
) strict;

create index event_of on event (subject, project, seq);

-- The answers to requests that carried a key, to be repeated.
create table answer (
  project         text    not null,
  key             text    not null,
  request_digest  text    not null,
  answer          text    not null,
  at_ms           integer not null,
  primary key (project, key)
) strict, without rowid;

create index answer_age on answer (project, at_ms);

create table workspace (
  project        text    not null,
  id             text    not null,
  item_id        text    not null,
  fence          integer not null,
  node           text    not null,
  path           text    not null,
  branch         text    not null,
  base           text    not null,
  target         text    not null,
  state          text    not null,
  supervised     integer not null,
  snapshot       text,
  cache          text,
  opened_at_ms   integer not null,
  changed_at_ms  integer not null,
  primary key (project, id),
  check (state in ('open', 'quarantined', 'removed')),
  check (state = 'open' or snapshot is not null)
) strict, without rowid;

create unique index workspace_of_grant on workspace (project, item_id, fence);
create index workspace_in_state on workspace (project, state, id);

-- Ports and database names in use on a node; a twin is refused by the key, across projects too.
create table environment (
  node          text not null,
  kind          text not null,
  value         text not null,
  project       text not null,
  workspace_id  text not null,
  primary key (node, kind, value),
  check (kind in ('port', 'database'))
) strict, without rowid;

create index environment_of on environment (project, workspace_id);

create table change (
  project          text    not null,
  id               text    not null,
  item_id          text    not null,
  fence            integer not null,
  author           text    not null,
  author_role      text,
  target           text    not null,
  base             text    not null,
  commit_id        text    not null,
  tree             text    not null,
  write_set        text    not null,
  workspace_id     text,
  reverts          text,
  approved_by      text,
  approved_as      text,
  state            text    not null,
  reason           text,
  landing_id       text,
  landed_commit    text,
  verified         integer,
  reverted_by      text,
  submitted_at_ms  integer not null,
  changed_at_ms    integer not null,
  primary key (project, id),
  check (state in ('queued', 'refused', 'landing', 'landed', 'rejected', 'reverted', 'withdrawn')),
  check (state <> 'landing' or landing_id is not null),
  check (state not in ('landed', 'reverted') or landed_commit is not null),
  check ((approved_by is null) = (approved_as is null))
) strict, without rowid;

create index change_queue on change (project, target, submitted_at_ms, id) where state = 'queued';
create index change_of on change (project, item_id, id);
create index change_in_state on change (project, state, id);

create table receipt (
  project        text    not null,
  id             text    not null,
  tree           text    not null,
  check_name     text    not null,
  check_digest   text    not null,
  command        text    not null,
  ending         text    not null,
  exit_code      integer,
  reason         text,
  output_digest  text    not null,
  output_bytes   integer not null,
  output_path    text    not null,
  tools          text    not null,
  duration_ms    integer not null,
  at_ms          integer not null,
  primary key (project, id),
  check (ending in ('exited', 'out_of_time', 'never_started')),
  check ((ending = 'exited') = (exit_code is not null)),
  check ((ending = 'never_started') = (reason is not null))
) strict, without rowid;

create index receipt_of on receipt (project, tree, check_digest, id);

create table landing (
  project      text    not null,
  id           text    not null,
  target       text    not null,
  old_commit   text    not null,
  new_commit   text    not null,
  carries      text    not null,
  verified     integer not null,
  state        text    not null,
  begun_at_ms  integer not null,
  primary key (project, id),
  check (state in ('begun', 'finished', 'undone'))
) strict, without rowid;

create index landing_begun on landing (project, target) where state = 'begun';

-- What only one process does at a time: landing on a branch, reaping.
create table duty (
  project   text    not null,
  name      text    not null,
  holder    text    not null,
  fence     integer not null,
  until_ms  integer not null,
  primary key (project, name)
) strict, without rowid;
