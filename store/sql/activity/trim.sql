-- $1 project, $2 item_id, $3 fence, $4 the first number that stays
delete from activity where project = $1 and item_id = $2 and fence = $3 and seq < $4
