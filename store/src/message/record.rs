//! Messages and their copies as rows, and back.

use domain::escalation::Level;
use domain::message::{Address, Class, Delivery, Message};
use domain::time::Timestamp;
use domain::work::Priority;

use crate::{Row, StoreError};

/// How many columns a message has.
const MESSAGE_COLUMNS: usize = 13;

/// The message of a row, its columns as `message/find.sql` names them.
pub fn message(row: &Row) -> Result<Message, StoreError> {
    let to = Address::from_parts(row.text(4)?, row.text_or_null(5)?);
    Ok(Message {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        thread: row.parsed(2)?,
        from: row.parsed(3)?,
        to: to.ok_or_else(|| broken("an address"))?,
        subject: row.text(6)?.to_owned(),
        body: row.text(7)?.to_owned(),
        priority: Priority::from_word(row.text(8)?).ok_or_else(|| broken("a priority"))?,
        class: Class::from_word(row.text(9)?).ok_or_else(|| broken("a class"))?,
        item: row.parsed_or_null(10)?,
        respond_within_ms: row.int_or_null(11)?,
        sent_at: row.time(12)?,
    })
}

/// The copy that stands behind the message in a row of an inbox.
pub fn copy_in_inbox(row: &Row) -> Result<Delivery, StoreError> {
    copy_at(row, MESSAGE_COLUMNS)
}

/// The copy of a row, its columns as `message/copy.sql` names them.
pub fn copy(row: &Row) -> Result<Delivery, StoreError> {
    copy_at(row, 0)
}

fn copy_at(row: &Row, at: usize) -> Result<Delivery, StoreError> {
    let time = |n: usize| Ok::<_, StoreError>(row.int_or_null(at + n)?.map(Timestamp::from_millis));
    Ok(Delivery {
        recipient: row.parsed(at)?,
        because_of: row.parsed_or_null(at + 1)?,
        read_at: time(2)?,
        acknowledged_at: time(3)?,
        level: Level::from_number(row.int(at + 4)?).ok_or_else(|| broken("a level"))?,
        escalate_at: time(5)?,
    })
}

fn broken(what: &str) -> StoreError {
    StoreError::Broken(format!("a message without {what}"))
}
