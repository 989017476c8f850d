//! Answers of models are kept with the answers to requests, under the digest of all that was asked: whoever asks the same
//! of the same model gets the same, on every machine that shares the store, as long as answers are kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::answer::{self, Known};

use super::Asked;
use crate::Engine;
use crate::problem::Problem;

/// An answer that was kept.
#[derive(Deserialize, Serialize)]
pub struct Kept {
    pub asked: Asked,
    pub answer: Value,
}

fn key(digest: &str) -> String {
    format!("opinion {digest}")
}

impl Engine {
    /// The answer that was given to the same question; `None` when there is none, or somebody used its key for something
    /// else.
    pub(super) async fn kept_opinion(&self, digest: &str) -> Result<Option<Kept>, Problem> {
        let (scope, key) = (self.scope(), key(digest));
        let known = self.store.read(async |tx| answer::find(tx, &scope, &key, digest).await).await?;
        Ok(match known {
            Known::Answered(text) => serde_json::from_str(&text).ok(),
            Known::New | Known::OtherRequest => None,
        })
    }

    /// Keeps an answer, in the place of one that is there.
    pub(super) async fn keep_opinion(&self, kept: &Kept) -> Result<(), Problem> {
        let (scope, digest) = (self.scope(), kept.asked.input_digest.clone());
        let text = serde_json::to_string(kept).expect("an opinion can be written as JSON");
        let key = key(&digest);
        let keep = async move |tx: &mut store::Tx<'_>| {
            if answer::find(tx, &scope, &key, &digest).await? != Known::New {
                answer::forget(tx, &scope, &key).await?;
            }
            answer::keep(tx, &scope, &key, &digest, &text).await
        };
        Ok(self.store.write(keep).await?)
    }
}
