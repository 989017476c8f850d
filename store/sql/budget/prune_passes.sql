-- $1 project, $2 now
delete from model_pass where project = $1 and until_ms <= $2
