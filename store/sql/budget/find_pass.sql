-- $1 digest
select project, run, item_id, fence, agent, trace_id, until_ms from model_pass where digest = $1
