//! The few kinds of values that cross the seam: whole numbers, text, nothing.

use crate::StoreError;

/// A parameter of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL null.
    Null,
    /// A whole number; times are milliseconds.
    Int(i64),
    /// Text; JSON is text too.
    Text(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<u64> for Value<'_> {
    fn from(n: u64) -> Self {
        Self::Int(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Int(yes.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(n: u32) -> Self {
        Self::Int(n.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<domain::time::Timestamp> for Value<'_> {
    fn from(at: domain::time::Timestamp) -> Self {
        Self::Int(at.millis())
    }
}

impl From<domain::work::Fence> for Value<'_> {
    fn from(fence: domain::work::Fence) -> Self {
        Self::Int(fence.number())
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {
        $(impl<'a> From<&'a $name> for Value<'a> {
            fn from(value: &'a $name) -> Self {
                Self::Text(value.as_str())
            }
        })*
    };
}

as_text!(
    domain::id::WorkId,
    domain::id::ChangeId,
    domain::id::WorkspaceId,
    domain::id::ReceiptId,
    domain::id::LandingId,
    domain::id::MessageId,
    domain::id::NotificationId,
    domain::id::EarmarkId,
    domain::id::CallId,
    domain::id::PermissionId,
    domain::id::SessionId,
    domain::id::NoteId,
    domain::text::AgentName,
    domain::text::Project,
    domain::text::Role,
    domain::text::Team,
    domain::text::Name
);

/// One row of an answer, its columns in the order of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Cell>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
}

impl Cell {
    /// What it holds, as a parameter.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(n) => Value::Int(*n),
            Self::Text(text) => Value::Text(text),
        }
    }
}

impl Row {
    /// The number in column `at`.
    pub fn int(&self, at: usize) -> Result<i64, StoreError> {
        self.int_or_null(at)?.ok_or_else(|| broken(at, "a number", &Cell::Null))
    }

    /// The number in column `at`, `None` for null.
    pub fn int_or_null(&self, at: usize) -> Result<Option<i64>, StoreError> {
        match &self.0[at] {
            Cell::Int(n) => Ok(Some(*n)),
            Cell::Null => Ok(None),
            other @ Cell::Text(_) => Err(broken(at, "a number", other)),
        }
    }

    /// The text in column `at`.
    pub fn text(&self, at: usize) -> Result<&str, StoreError> {
        self.text_or_null(at)?.ok_or_else(|| broken(at, "text", &Cell::Null))
    }

    /// The text in column `at`, `None` for null.
    pub fn text_or_null(&self, at: usize) -> Result<Option<&str>, StoreError> {
        match &self.0[at] {
            Cell::Text(text) => Ok(Some(text)),
            Cell::Null => Ok(None),
            other @ Cell::Int(_) => Err(broken(at, "text", other)),
        }
    }

    /// What the text in column `at` says, parsed.
    pub fn parsed<T: std::str::FromStr>(&self, at: usize) -> Result<T, StoreError> {
        let text = self.text(at)?;
        text.parse().map_err(|_| broken(at, std::any::type_name::<T>(), &self.0[at]))
    }

    /// What the text in column `at` says, parsed; `None` for null.
    pub fn parsed_or_null<T: std::str::FromStr>(&self, at: usize) -> Result<Option<T>, StoreError> {
        if self.0[at] == Cell::Null { Ok(None) } else { self.parsed(at).map(Some) }
    }

    /// The moment in column `at`.
    pub fn time(&self, at: usize) -> Result<domain::time::Timestamp, StoreError> {
        self.int(at).map(domain::time::Timestamp::from_millis)
    }

    /// The count in column `at`.
    pub fn count(&self, at: usize) -> Result<u64, StoreError> {
        u64::try_from(self.int(at)?).map_err(|_| broken(at, "a count", &self.0[at]))
    }

    /// The count in column `at`, `None` for null.
    pub fn count_or_null(&self, at: usize) -> Result<Option<u64>, StoreError> {
        self.int_or_null(at)?.map(|_| self.count(at)).transpose()
    }

    /// The moment in column `at`, `None` for null.
    pub fn time_or_null(&self, at: usize) -> Result<Option<domain::time::Timestamp>, StoreError> {
        Ok(self.int_or_null(at)?.map(domain::time::Timestamp::from_millis))
    }

    /// The small number in column `at`.
    pub fn small(&self, at: usize) -> Result<u32, StoreError> {
        u32::try_from(self.int(at)?).map_err(|_| broken(at, "a small number", &self.0[at]))
    }
}

fn broken(at: usize, wanted: &str, found: &Cell) -> StoreError {
    StoreError::Broken(format!("column {at} should have {wanted}, it has {found:?}"))
}
