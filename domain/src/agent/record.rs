//! What an agent has done so far, computed from the log and never stored.

use crate::time::Timestamp;

/// How one hold of an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// In which way.
    pub how: How,
    /// When it had begun, if the log says.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// In which way a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The agent said that it was done.
    Reported,
    /// The agent could not do it, or its time ran out.
    Failed,
    /// It was given back or passed on, which says nothing about the agent.
    Passed,
}

/// What an agent has done; `None` where there is no data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Record {
    /// How many items it reported.
    pub completed: u64,
    /// How many it failed at or let lapse.
    pub failed: u64,
    /// The part of them that it reported, from 0 to 1.
    pub success_rate: Option<f64>,
    /// The mean time from grant to report, in milliseconds.
    pub mean_time_to_report_ms: Option<i64>,
}

impl Record {
    /// The record that these ends make.
    pub fn of(ends: &[End]) -> Self {
        let count = |how| ends.iter().filter(|end| end.how == how).count() as u64;
        let (completed, failed) = (count(How::Reported), count(How::Failed));
        let took = |end: &End| end.began_at.map(|began| (end.ended_at.millis() - began.millis()).max(0));
        let times: Vec<i64> = ends.iter().filter(|end| end.how == How::Reported).filter_map(took).collect();
        let mean = |times: &[i64]| times.iter().sum::<i64>() / i64::try_from(times.len()).unwrap_or(1);
        #[allow(clippy::cast_precision_loss)] // A rate is for people.
        let rate = (completed + failed > 0).then(|| completed as f64 / (completed + failed) as f64);
        Self {
            completed,
            failed,
            success_rate: rate,
            mean_time_to_report_ms: (!times.is_empty()).then(|| mean(&times)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(how: How, took_ms: i64) -> End {
        let at = Timestamp::from_millis(1_000_000);
        End { how, began_at: Some(at), ended_at: at.plus_millis(took_ms) }
    }

    #[test]
    fn where_nothing_ended_there_is_no_data() {
        assert_eq!(Record::of(&[]), Record::default());
        assert_eq!(Record::of(&[end(How::Passed, 5)]).success_rate, None);
    }

    #[test]
    fn a_rate_is_of_what_was_reported_or_failed_and_a_mean_of_what_was_reported() {
        let ends = [end(How::Reported, 100), end(How::Reported, 300), end(How::Failed, 9), end(How::Passed, 9)];
        let record = Record::of(&ends);
        assert_eq!((record.completed, record.failed, record.mean_time_to_report_ms), (2, 1, Some(200)));
        assert!(record.success_rate.is_some_and(|rate| (rate - 2.0 / 3.0).abs() < 1e-9));
    }
}
