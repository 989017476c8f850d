//! Receipts, as they are kept: written once, never changed.

use domain::change::{CheckEnding, Receipt};
use domain::id::ReceiptId;
use domain::text::Project;

use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, Value, sql};

/// Keeps a receipt. Its id is `receipt.id`, or the next one that is free.
pub async fn insert_receipt(tx: &mut Tx<'_>, scope: &Scope, mut receipt: Receipt) -> Result<Receipt, StoreError> {
    let json = |value: &serde_json::Value| value.to_string();
    let command = json(&serde_json::json!(receipt.command));
    let tools = json(&serde_json::json!(receipt.tools));
    let never_started = match &receipt.ending {
        CheckEnding::NeverStarted(why) => Some(why.clone()),
        CheckEnding::Exited(_) | CheckEnding::OutOfTime => None,
    };
    let (ending, exit_code) = match &receipt.ending {
        CheckEnding::Exited(code) => ("exited", Value::Int((*code).into())),
        CheckEnding::OutOfTime => ("out_of_time", Value::Null),
        CheckEnding::NeverStarted(_) => ("never_started", Value::Null),
    };
    loop {
        let values = [
            (&receipt.project).into(),
            (&receipt.id).into(),
            (&receipt.tree).into(),
            (&receipt.check).into(),
            (&receipt.check_digest).into(),
            (&command).into(),
            ending.into(),
            exit_code,
            never_started.as_ref().into(),
            (&receipt.output_digest).into(),
            Value::Int(i64::try_from(receipt.output_bytes).unwrap_or(i64::MAX)),
            (&receipt.output_path).into(),
            (&tools).into(),
            receipt.duration_ms.into(),
            receipt.at.into(),
        ];
        if tx.execute(&sql::change::INSERT_RECEIPT, &values).await? == 1 {
            break;
        }
        receipt.id = ReceiptId::numbered(receipt.id.number() + 1);
    }
    let data = serde_json::json!({
        "check": receipt.check, "tree": receipt.tree, "passed": receipt.passed(),
        "ending": receipt.ending.to_string(), "duration_ms": receipt.duration_ms,
    });
    let subject = receipt.id.as_str();
    let fact = Fact { name: "change.checked", subject, agent: None, fence: None, data: &data.to_string() };
    append(tx, scope, fact).await?;
    Ok(receipt)
}

/// Every receipt for `tree`, oldest first.
pub async fn receipts_of(tx: &mut Tx<'_>, project: &Project, tree: &str) -> Result<Vec<Receipt>, StoreError> {
    tx.query_all(&sql::change::RECEIPTS_OF, &[project.into(), tree.into()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Receipt, StoreError> {
    let json = |at| row.text(at).map(str::to_owned);
    let broken = |e: serde_json::Error| StoreError::Broken(format!("a receipt: {e}"));
    let ending = match (row.text(6)?, row.int_or_null(7)?) {
        ("exited", Some(code)) => CheckEnding::Exited(i32::try_from(code).unwrap_or(i32::MAX)),
        ("out_of_time", _) => CheckEnding::OutOfTime,
        _ => CheckEnding::NeverStarted(row.text(8)?.to_owned()),
    };
    Ok(Receipt {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        tree: row.text(2)?.to_owned(),
        check: row.text(3)?.to_owned(),
        check_digest: row.text(4)?.to_owned(),
        command: serde_json::from_str(&json(5)?).map_err(broken)?,
        ending,
        output_digest: row.text(9)?.to_owned(),
        output_bytes: u64::try_from(row.int(10)?).unwrap_or(0),
        output_path: row.text(11)?.to_owned(),
        tools: serde_json::from_str(&json(12)?).map_err(broken)?,
        duration_ms: row.int(13)?,
        at: row.time(14)?,
    })
}
