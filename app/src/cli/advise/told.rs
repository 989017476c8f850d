//! Advice in words. What is not known is called `no data`.

use serde_json::Value;

use crate::terminal::one_line;

/// The lines that say what `answer` says.
pub fn told(answer: &Value) -> Vec<String> {
    let said = &answer["llm"];
    let mut lines = vec![match (said["available"] == true, said["runtime"].as_str()) {
        (true, _) => "by rules; what a model says is below".to_owned(),
        (false, Some(whom)) => format!("by rules; no opinion of {}: {}", one_line(whom), text(said, "reason")),
        (false, None) => format!("by rules; {}", text(said, "reason")),
    }];
    match answer["question"].as_str() {
        Some("priorities") => priorities(answer, &mut lines),
        Some("health") => health(answer, &mut lines),
        Some("assignments") => assignments(answer, &mut lines),
        Some("teams") => teams(answer, &mut lines),
        Some("recommend") => recommend(answer, &mut lines),
        _ => bottlenecks(answer, &mut lines),
    }
    lines.push(format!("confidence: {}", part(&answer["confidence"])));
    lines
}

/// What was done about an answer, or what `flag` would do. `false` when something was refused.
pub fn deeds(answer: &Value, flag: &str, lines: &mut Vec<String>) -> bool {
    let Some(done) = answer["applied"].as_array() else {
        let could = list(answer, "actions");
        lines.push(if could.is_empty() { format!("nothing can be done by {flag}") } else { format!("{flag} would:") });
        lines.extend(could.iter().map(|it| format!("  {}", text(it, "told"))));
        return true;
    };
    lines.push(if done.is_empty() { "nothing to do" } else { "done:" }.to_owned());
    for it in done {
        let told = text(it, "told");
        lines.push(match it["refused"].as_str() {
            None => format!("  {told}"),
            Some(why) => format!("  not done: {told}: {}", one_line(why)),
        });
    }
    done.iter().all(|it| it["done"] == true)
}

/// What a model says beside the rules. `false` when it says nothing.
pub fn opinion(answer: &Value, lines: &mut Vec<String>) -> bool {
    let it = &answer["llm"];
    if it["available"] != true {
        return false;
    }
    let model = it["model"].as_str().map_or_else(|| "a model of its choice".to_owned(), one_line);
    let cost = it["usd_micros"].as_f64().map_or_else(none, |micros| format!("${:.4}", micros / 1e6));
    let when = if it["cached"] == true { "asked the same earlier" } else { "asked now" };
    lines.push(String::new());
    lines.push(format!(
        "a second opinion, by {} ({model}; {when}; took {} ms; tokens: {}; money: {cost}):",
        text(it, "runtime"),
        it["duration_ms"],
        it["tokens"].as_u64().map_or_else(none, |tokens| tokens.to_string()),
    ));
    for (name, said) in it["answer"].as_object().into_iter().flatten() {
        match said.as_array() {
            Some(list) => {
                lines.push(format!("  {}:{}", name.replace('_', " "), if list.is_empty() { " nothing" } else { "" }));
                lines.extend(list.iter().map(|it| format!("    {}", plain(it))));
            }
            None => lines.push(format!("  {}: {}", name.replace('_', " "), plain(said))),
        }
    }
    true
}

/// A value of a model on one line.
fn plain(it: &Value) -> String {
    match it {
        Value::Null => "none".to_owned(),
        Value::String(text) => one_line(text),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(all) => {
            let part = |(name, it): (&String, &Value)| format!("{}: {}", name.replace('_', " "), plain(it));
            all.iter().map(part).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

fn priorities(answer: &Value, lines: &mut Vec<String>) {
    for it in list(answer, "recommendations") {
        lines.push(format!(
            "{:>3}  {}: {}",
            it["priority_score"],
            text(it, "work_type"),
            text(it, "recommended_action")
        ));
        lines.push(format!("     {}", text(it, "reasoning")));
    }
    if list(answer, "recommendations").is_empty() {
        lines.push("no open work".to_owned());
    }
    bottlenecks(answer, lines);
}

fn health(answer: &Value, lines: &mut Vec<String>) {
    let score = answer["health_score"].as_f64().map_or_else(none, |score| format!("{score:.0} of 100"));
    lines.push(format!("{}: {score}", text(answer, "system_health")));
    for name in ["agent_performance", "work_distribution", "coordination", "resource_utilization"] {
        lines.push(format!("  {}: {}", name.replace('_', " "), part(&answer["component_health"][name])));
    }
    for it in list(answer, "alerts") {
        lines.push(format!("{}: {}", text(it, "severity"), text(it, "message")));
    }
    for it in list(answer, "recommendations") {
        lines.push(format!("{} priority: {} ({})", text(it, "priority"), text(it, "action"), text(it, "description")));
    }
}

fn assignments(answer: &Value, lines: &mut Vec<String>) {
    let (now, then) = (part(&answer["current_efficiency"]), part(&answer["optimized_efficiency"]));
    lines.push(format!("agents that have something to do, of those that could: {now} now, {then} then"));
    for it in list(answer, "assignment_changes") {
        let from = it["from_agent"].as_str().map_or_else(|| "nobody".to_owned(), one_line);
        let (item, to, why) = (text(it, "work_item"), text(it, "to_agent"), text(it, "reasoning"));
        lines.push(format!("{item}: {from} → {to} ({why})"));
    }
    if list(answer, "assignment_changes").is_empty() {
        lines.push("nothing should change hands".to_owned());
    }
}

fn teams(answer: &Value, lines: &mut Vec<String>) {
    for it in list(answer, "teams") {
        let name = it["team_name"].as_str().map_or_else(|| "no team".to_owned(), one_line);
        lines.push(format!(
            "{name}: {} of {} agents there, {} at work; {} ready, {} held, {} stopped, {} done lately",
            it["available"],
            it["agents"],
            part(&it["utilization"]),
            it["ready"],
            it["leased"],
            it["stopped"],
            it["done"]
        ));
        let missing: Vec<String> =
            list(it, "missing_capabilities").iter().filter_map(Value::as_str).map(one_line).collect();
        lines.extend((!missing.is_empty()).then(|| format!("  nobody there can do: {}", missing.join(", "))));
    }
    for it in list(answer, "suggested_teams") {
        lines.push(format!("{} more for {} ({})", it["members_needed"], text(it, "focus"), text(it, "team_name")));
    }
    if list(answer, "suggested_teams").is_empty() {
        lines.push("no agents are missing".to_owned());
    }
}

fn recommend(answer: &Value, lines: &mut Vec<String>) {
    let it = &answer["recommendation"];
    let item = it["work_item"].as_str().map(|item| format!(" {item}")).unwrap_or_default();
    lines.push(format!("{}{item}: {}", text(it, "action"), text(it, "reasoning")));
    for it in list(answer, "suited_agents").iter().take(5) {
        lines.push(format!("  suits {}, which has {}", text(it, "agent_id"), it["has"]));
    }
}

fn bottlenecks(answer: &Value, lines: &mut Vec<String>) {
    for it in list(answer, "bottlenecks") {
        lines.push(format!("{} ({}): {}", text(it, "severity"), text(it, "type"), text(it, "description")));
    }
    if list(answer, "bottlenecks").is_empty() {
        lines.push("nothing holds the rest up".to_owned());
    }
}

/// A figure from 0 to 1 in percent.
pub fn part(figure: &Value) -> String {
    figure.as_f64().map_or_else(none, |figure| format!("{:.0} %", figure * 100.0))
}

/// The text `name` of `it`, on one line.
pub fn text(it: &Value, name: &str) -> String {
    it[name].as_str().map(one_line).unwrap_or_default()
}

/// The list `name` of `it`.
pub fn list<'a>(it: &'a Value, name: &str) -> &'a [Value] {
    it[name].as_array().map_or(&[], Vec::as_slice)
}

fn none() -> String {
    "no data".to_owned()
}
