-- Messages, hand-offs, the presence of agents, assignments, and what escalates.

create table message (
  project            text    not null,
  id                 text    not null,
  thread_id          text    not null,
  sender             text    not null,
  to_kind            text    not null,
  to_name            text,
  subject            text    not null,
  body               text    not null,
  priority           text    not null,
  class              text    not null,
  item_id            text,
  respond_within_ms  integer,
  sent_at_ms         integer not null,
  primary key (project, id),
  check (to_kind in ('agent', 'role', 'team', 'all')),
  check ((to_kind = 'all') = (to_name is null)),
  check (priority in ('low', 'medium', 'high', 'critical')),
  check (respond_within_ms is null or respond_within_ms >= 0)
) strict, without rowid;

create index message_of_thread on message (project, thread_id, id);

-- One copy per recipient. `because_of` names whose silence brought it here.
create table delivery (
  project             text    not null,
  message_id          text    not null,
  recipient           text    not null,
  because_of          text,
  read_at_ms          integer,
  acknowledged_at_ms  integer,
  level               integer not null,
  escalate_at_ms      integer,
  primary key (project, message_id, recipient),
  check (level between 0 and 2),
  check (acknowledged_at_ms is null or escalate_at_ms is null)
) strict, without rowid;

create index delivery_inbox on delivery (project, recipient, message_id);
create index delivery_open on delivery (project, recipient, message_id) where acknowledged_at_ms is null;
create index delivery_due on delivery (project, escalate_at_ms) where escalate_at_ms is not null;

-- What one holder left for the next. `fence` is that of the hold that ended.
create table handoff (
  project           text    not null,
  item_id           text    not null,
  fence             integer not null,
  from_agent        text    not null,
  to_agent          text,
  to_role           text,
  artifacts         text    not null,
  context           text    not null,
  note              text    not null,
  progress_percent  integer,
  progress_note     text,
  workspace_id      text,
  at_ms             integer not null,
  primary key (project, item_id, fence),
  check ((to_agent is null) <> (to_role is null))
) strict, without rowid;

alter table agent add column standing text not null default 'active'
  check (standing in ('active', 'draining', 'retired'));

-- The last sign of life of an agent; apart from its row, which claims read.
create table presence (
  project      text    not null,
  agent        text    not null,
  seen_at_ms   integer not null,
  waiting_for  text,
  primary key (project, agent)
) strict, without rowid;

-- Items that are kept for an agent until a moment.
create table assignment (
  project   text    not null,
  item_id   text    not null,
  role      text    not null,
  agent     text    not null,
  at_ms     integer not null,
  until_ms  integer not null,
  primary key (project, item_id, role)
) strict, without rowid;

create index assignment_of on assignment (project, agent, item_id);
create index assignment_age on assignment (project, until_ms);

-- Items that somebody was told of. It is about the item as it was since `since_ms`.
create table escalation (
  project         text    not null,
  item_id         text    not null,
  cause           text    not null,
  since_ms        integer not null,
  level           integer not null,
  at_ms           integer not null,
  escalate_at_ms  integer,
  primary key (project, item_id),
  check (cause in ('failures', 'dead', 'blocked')),
  check (level between 0 and 2)
) strict, without rowid;

create index escalation_due on escalation (project, escalate_at_ms) where escalate_at_ms is not null;

-- What a person is to hear of, until the hook has taken it.
create table notification (
  project   text    not null,
  id        text    not null,
  body      text    not null,
  at_ms     integer not null,
  tries     integer not null,
  next_ms   integer not null,
  trouble   text,
  sent_ms   integer,
  primary key (project, id)
) strict, without rowid;

create index notification_due on notification (project, next_ms) where sent_ms is null;
create index notification_age on notification (project, at_ms);

-- Items that somebody may have to hear of; an item in good health is in none of these.
create index work_blocked on work (project, changed_at_ms) where state = 'blocked';
create index work_dead on work (project, changed_at_ms) where state = 'dead';
create index work_failed on work (project, changed_at_ms) where state = 'ready' and attempts_used >= 2;

-- How the holds of an agent ended.
create index event_of_agent on event (project, agent, seq) where name in
  ('work.reported', 'work.submitted', 'work.failed', 'work.lapsed', 'work.released', 'work.handed_off', 'work.offered');
