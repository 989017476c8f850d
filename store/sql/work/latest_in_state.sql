-- $1 project, $2 state, $3 limit
select w.project, w.id, w.attempts_used, w.attempts_max, w.fence, w.open_dependencies, w.rank_ms, w.state, w.holder,
  w.lease_until_ms, w.reason, w.change_id, w.proof, w.progress_percent, w.progress_note, w.result, w.feedback,
  w.trace_id, w.added_at_ms, w.changed_at_ms, p.body, w.not_before_ms
from work w join work_plan p on p.project = w.project and p.id = w.id
where w.project = $1 and w.state not in ('leased', 'done') and w.state = $2
order by w.id desc limit $3
