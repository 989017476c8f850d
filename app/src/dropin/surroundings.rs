//! What the environment says: who calls, for which team, on which item, under which trace.

use domain::text::AgentName;
use engine::problem::Problem;
use engine::{Clock as _, SystemClock, random_hex};

/// The team of whoever names none.
pub const TEAM: &str = "autonomous_team";

/// A variable; one that is empty is not set.
pub fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Who calls, if `AGENT_ID` says so.
pub fn agent() -> Result<Option<AgentName>, Problem> {
    set("AGENT_ID").map(|name| named("AGENT_ID", &name)).transpose()
}

/// The name or the id `text`, which `what` gave.
pub fn named<T: std::str::FromStr<Err = E>, E: std::fmt::Display>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|bad: E| Problem::malformed(format!("{what}: {bad}")))
}

/// A name that no other agent has: the time, so that names sort, and chance, as clocks may agree.
pub fn new_agent() -> AgentName {
    let chance = u32::from_str_radix(&random_hex::<4>(), 16).expect("eight hexadecimal digits fit") % 1_000_000_000;
    format!("agent_{}{chance:09}", SystemClock.nanos()).parse().expect("digits make a name")
}

/// The trace under which something is done: what forces one, then what the surroundings carry, then `argument`.
/// `None` when nobody says.
pub fn trace(argument: Option<&str>) -> Result<Option<String>, Problem> {
    chosen(set, argument)
}

fn chosen(set: impl Fn(&str) -> Option<String>, argument: Option<&str>) -> Result<Option<String>, Problem> {
    const NAMES: [&str; 4] = ["FORCE_TRACE_ID", "COORDINATION_TRACE_ID", "TRACE_ID", "OTEL_TRACE_ID"];
    let said = NAMES.iter().find_map(|name| Some((*name, set(name)?)));
    let said = said.or_else(|| Some(("the trace id", argument?.to_owned())));
    let Some((whose, text)) = said else {
        return Ok(set("TRACEPARENT").and_then(|parent| of_parent(&parent)));
    };
    let shown: String = text.chars().take(60).collect();
    let wanted = || Problem::malformed(format!("{whose} is {shown:?}; it can be 32 hexadecimal digits, not all 0"));
    hex(&text).ok_or_else(wanted).map(Some)
}

fn of_parent(parent: &str) -> Option<String> {
    hex(parent.split('-').nth(1)?)
}

fn hex(text: &str) -> Option<String> {
    let fits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) && text.bytes().any(|b| b != b'0');
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_chain_that_is_set_names_the_trace() {
        let id = |digit: &str| digit.repeat(32);
        let chain = ["FORCE_TRACE_ID", "COORDINATION_TRACE_ID", "TRACE_ID", "OTEL_TRACE_ID"];
        for (first, name) in chain.iter().enumerate() {
            let set = |asked: &str| {
                chain.iter().position(|it| *it == asked).filter(|at| *at >= first).map(|at| id(&(at + 1).to_string()))
            };
            assert_eq!(
                chosen(set, Some(&id("9"))).expect("they are ids"),
                Some(id(&(first + 1).to_string())),
                "{name}"
            );
        }
        assert_eq!(chosen(|_| None, Some(&id("9"))).expect("it is one"), Some(id("9")));
        assert_eq!(chosen(|_| None, None).expect("nothing is said"), None);
    }

    #[test]
    fn what_is_no_trace_id_is_refused_by_its_name() {
        for bad in ["", "xyz", &"0".repeat(32), &"g".repeat(32)] {
            let said = chosen(|name| (name == "TRACE_ID").then(|| bad.to_owned()), None).expect_err("it is none");
            assert!(said.message.starts_with("TRACE_ID is"), "{said}");
        }
    }

    #[test]
    fn two_new_names_are_never_the_same() {
        let names: std::collections::BTreeSet<_> = (0..1_000).map(|_| new_agent()).collect();
        assert_eq!(names.len(), 1_000);
    }
}
