-- $1 projects, $2 ids
-- In the order of ids, so that two who lock the same rows never wait for each other.
select w.project, w.id, w.attempts_used, w.attempts_max, w.fence, w.open_dependencies, w.rank_ms, w.state, w.holder,
  w.lease_until_ms, w.reason, w.change_id, w.proof, w.progress_percent, w.progress_note, w.result, w.feedback,
  w.trace_id, w.added_at_ms, w.changed_at_ms, p.body, w.not_before_ms
from unnest($1::text[], $2::text[]) as v (project, id)
join work w on w.project = v.project and w.id = v.id
join work_plan p on p.project = w.project and p.id = w.id
order by w.project, w.id
--lock: for update of w
