-- $1 digest
delete from model_pass where digest = $1
