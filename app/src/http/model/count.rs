//! The count of one call, from the moment something is set aside for it: however it ends, it is counted once.

use std::sync::Arc;
use std::time::Instant;

use connect::upstream::Lease;
use domain::budget::Trouble;
use sha2::{Digest as _, Sha256};
use store::budget::{Call, CallEnding};

use super::content::Answered;
use super::desk::{Admitted, Desk, Holder, Outcome, Seat};
use super::meter::Meter;
use super::wire::{Format, Provider};

/// How an answer came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All of it was passed on.
    Whole,
    /// It broke off, or nobody wanted the rest.
    Cut,
}

/// One call. When it goes without an end, whoever asked has gone.
pub struct Count(Option<Parts>);

struct Parts {
    desk: Arc<Desk>,
    holder: Arc<Holder>,
    _seat: Seat,
    provider: Provider,
    call: Call,
    admitted: Admitted,
    began: Instant,
    /// Whether the provider has got the request, or may have.
    sent: bool,
    answer: Option<Answer>,
    /// Where what goes by is kept, when it is.
    kept: Option<Answered>,
}

struct Answer {
    lease: Lease,
    meter: Meter,
    digest: Sha256,
}

impl Count {
    /// For a call for which something is set aside.
    pub fn new(
        (desk, holder, seat): (&Arc<Desk>, &Arc<Holder>, Seat),
        provider: Provider,
        call: Call,
        admitted: Admitted,
        began: Instant,
        kept: Option<Answered>,
    ) -> Self {
        let (desk, holder) = (Arc::clone(desk), Arc::clone(holder));
        let (sent, answer) = (false, None);
        Self(Some(Parts { desk, holder, _seat: seat, provider, call, admitted, began, sent, answer, kept }))
    }

    /// The request goes out now.
    pub fn sends(&mut self) {
        if let Some(parts) = &mut self.0 {
            parts.sent = true;
        }
    }

    /// An answer that is no error has begun.
    pub fn begins(&mut self, status: u16, lease: Lease, (format, streams): (Format, bool)) {
        if let Some(parts) = &mut self.0 {
            parts.call.status = Some(status);
            parts.answer = Some(Answer { lease, meter: Meter::new(format, streams), digest: Sha256::new() });
        }
    }

    /// These bytes go by.
    pub fn saw(&mut self, data: &[u8]) {
        let Some(parts) = &mut self.0 else { return };
        let began = parts.began;
        parts.call.first_byte_ms.get_or_insert_with(|| ms(began));
        parts.call.response_bytes += data.len() as u64;
        if let Some(kept) = &mut parts.kept {
            kept.saw(data);
        }
        if let Some(answer) = &mut parts.answer {
            answer.digest.update(data);
            answer.meter.feed(data);
        }
    }

    /// The answer is an error; `trouble` is what that says of the credential.
    pub fn failed(&mut self, status: Option<u16>, body: &[u8], trouble: Option<(Trouble, String)>) {
        let Some(mut parts) = self.0.take() else { return };
        if let Some(kept) = &mut parts.kept {
            kept.saw(body);
        }
        parts.call.status = status;
        parts.call.response_bytes = body.len() as u64;
        parts.call.response_sha256 = engine::sha256_hex(body);
        parts.conclude(trouble);
    }

    /// Nothing more comes. Said twice it is counted once.
    pub fn finish(&mut self, end: End) {
        let Some(mut parts) = self.0.take() else { return };
        if let Some(Answer { lease, meter, digest }) = parts.answer.take() {
            let seen = meter.end(end == End::Whole);
            (parts.call.usage, parts.call.estimated) = seen.usage(parts.call.request_bytes);
            parts.call.ending = match end {
                _ if seen.failed => CallEnding::Failed,
                End::Whole if seen.complete => CallEnding::Answered,
                _ => CallEnding::Cut,
            };
            parts.call.response_sha256 = engine::hex(&digest.finalize());
            if end == End::Whole {
                parts.desk.upstream(parts.provider).keep(lease);
            }
        } else {
            // Whoever asked has gone before the answer; what was sent may have been read.
            parts.call.ending = CallEnding::Cut;
            if parts.sent {
                parts.call.usage.input_tokens = parts.call.request_bytes.div_ceil(4);
                parts.call.estimated = true;
            }
        }
        parts.conclude(None);
    }

    /// Whether it has been counted.
    pub const fn is_finished(&self) -> bool {
        self.0.is_none()
    }

    /// Comes back when the pass has ended.
    pub fn pass_ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let ended = self.0.as_ref().map(|parts| parts.holder.ended());
        async move {
            if let Some(ended) = ended {
                ended.await;
            }
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.finish(End::Cut);
    }
}

impl Parts {
    fn conclude(mut self, trouble: Option<(Trouble, String)>) {
        self.call.duration_ms = ms(self.began);
        self.desk.conclude(&self.holder, Outcome { call: self.call, admitted: self.admitted, trouble });
    }
}

/// The milliseconds since `then`.
fn ms(then: Instant) -> u64 {
    u64::try_from(then.elapsed().as_millis()).unwrap_or(u64::MAX)
}
