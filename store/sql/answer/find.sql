-- $1 project, $2 key
select request_digest, answer, project, key from answer where project = $1 and key = $2
