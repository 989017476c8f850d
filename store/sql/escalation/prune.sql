-- $1 project, $2 older than
delete from notification where project = $1 and at_ms < $2
