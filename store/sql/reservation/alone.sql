-- $1 project
-- Nobody else looks at what is being written until this transaction ends.
select used from gate where project = $1 and part = 'writes' and name = ''
--lock: for update
