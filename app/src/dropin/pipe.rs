//! `claude-pipe` and `claude-enhanced`: what a text says by the words in it, and beside that what a model says when one is
//! asked.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use domain::advice::{Finding, Severity, findings};
use engine::advice::Opinion;
use engine::problem::{Kind, Problem};
use engine::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::analyse::leave;
use super::asked::Asked;
use super::place::Place;
use crate::cli::{Answer, advise, parse};
use crate::opinion::Second;

/// The longest text that is read, in bytes.
const TEXT_MAX: u64 = 16 * 1024 * 1024;
/// How long between two tries.
const BETWEEN: Duration = Duration::from_secs(2);
const KINDS: [&str; 4] = ["priorities", "bottlenecks", "recommendations", "general"];

/// What the standard input says.
pub fn pipe(asked: &Asked) -> Result<Answer, Problem> {
    asked.at_most(1, "pipe [priorities|bottlenecks|recommendations|general]")?;
    let kind = kind(asked.or(0, "general"))?;
    let text = read(std::io::stdin().lock(), "the standard input")?;
    let json = with_opinion(answer(kind, &text)?, kind, &text, 1)?;
    let text = advise::text(&json, "summary");
    Ok(Answer::new(&json, format!("{text}\n{json:#}")))
}

/// What a file says, left in another; tried again when the file cannot be read.
pub fn enhanced(asked: &Asked) -> Result<Answer, Problem> {
    const USAGE: &str = "enhanced TYPE INPUT OUTPUT [TRIES=3]";
    asked.at_most(4, USAGE)?;
    let [Some(what), Some(input), Some(output)] = [0, 1, 2].map(|n| asked.at(n)) else {
        return Err(Problem::malformed(format!("too few arguments: {USAGE}")));
    };
    let (kind, tries) = (kind(what)?, asked.number(3, "the tries", 3, 1, 10)?);
    let once = || {
        let file = File::open(input).map_err(|e| unreadable(input, &e))?;
        let text = read(file, input)?;
        Ok((answer(kind, &text)?, text))
    };
    let mut told: Result<_, Problem> = once();
    for _ in 1..tries {
        // What the text says does not change by asking again.
        if told.as_ref().err().is_none_or(|problem| problem.kind != Kind::Failed) {
            break;
        }
        std::thread::sleep(BETWEEN);
        told = once();
    }
    match told {
        Ok((json, text)) => {
            let json = with_opinion(json, kind, &text, tries)?;
            leave(Path::new(output), &json)?;
            Ok(Answer::new(&json, format!("✅ {}\n💾 {output}", advise::text(&json, "summary"))))
        }
        Err(problem) => {
            let timestamp = parse::moment_text(SystemClock.now());
            leave(
                Path::new(output),
                &json!({ "status": "fallback", "message": problem.message, "timestamp": timestamp, "engine": "rules" }),
            )?;
            Err(problem)
        }
    }
}

/// `json` with what a model says to `text`, when one is to be asked; asked again when what was in its way may pass.
fn with_opinion(mut json: Value, kind: &str, text: &str, tries: u32) -> Result<Value, Problem> {
    let Some(place) = Place::to_ask()? else { return Ok(json) };
    let Some(second) = Second::about_text(&place.here, &place.engine, kind, text)? else { return Ok(json) };
    let mut opinion = second.ask()?;
    for _ in 1..tries {
        if !opinion.may_pass() {
            break;
        }
        std::thread::sleep(BETWEEN);
        opinion = second.ask()?;
    }
    opinion.beside(&mut json);
    let summary = match opinion.reason() {
        None => format!("by the words in {} lines; what a model says is in llm", json["lines"]),
        Some(why) => format!("by the words in {} lines; no opinion of a model: {why}", json["lines"]),
    };
    json["summary"] = summary.into();
    Ok(json)
}

fn kind(word: &str) -> Result<&'static str, Problem> {
    KINDS.into_iter().find(|it| *it == word).ok_or_else(|| {
        let shown: String = word.chars().take(60).collect();
        Problem::malformed(format!("{shown:?} is no kind of answer; it can be {}", KINDS.join(", ")))
    })
}

fn unreadable(what: &str, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Failed, "io_failed", format!("{what} cannot be read: {error}"))
}

fn read(from: impl Read, what: &str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    from.take(TEXT_MAX + 1).read_to_end(&mut bytes).map_err(|e| unreadable(what, &e))?;
    if bytes.len() as u64 > TEXT_MAX {
        return Err(Problem::malformed(format!("{what} has more than {TEXT_MAX} bytes")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn answer(kind: &str, text: &str) -> Result<Value, Problem> {
    let (lines, found) = findings(text);
    if lines == 0 {
        return Err(Problem::malformed(
            "there is no text; what is to be looked at comes on the standard input or in INPUT",
        ));
    }
    let advice = |it: &Finding| {
        format!("{}: {} lines speak of {}, the first is line {}", it.advice, it.lines, it.what, it.first)
    };
    let all = |fits: fn(Severity) -> bool| found.iter().filter(|it| fits(it.severity)).map(advice).collect::<Vec<_>>();
    let worst = found.iter().map(|it| it.severity).max();
    let mut json = match kind {
        "priorities" => json!({ "actions": found.iter().take(3).map(advice).collect::<Vec<_>>() }),
        "bottlenecks" => {
            let row = |it: &Finding| json!({ "type": it.kind.word(), "severity": it.severity.word(), "description": advice(it) });
            json!({ "bottlenecks": found.iter().map(row).collect::<Vec<_>>() })
        }
        "recommendations" => json!({
            "immediate": all(|it| it >= Severity::High), "short_term": all(|it| it == Severity::Medium),
            "long_term": all(|it| it == Severity::Low),
        }),
        _ => json!({
            "status": worst.map_or("nothing_found", Severity::word),
            "issues": found.iter().map(|it| format!("{} of {lines} lines: {}", it.lines, it.what)).collect::<Vec<_>>(),
            "recommendations": found.iter().map(advice).collect::<Vec<_>>(),
        }),
    };
    let counts: serde_json::Map<String, Value> = found.iter().map(|it| (it.what.to_owned(), it.lines.into())).collect();
    json["engine"] = "rules".into();
    Opinion::NotAsked.beside(&mut json);
    json["lines"] = lines.into();
    json["counts"] = counts.into();
    json["summary"] = format!("by the words in {lines} lines; no model read them").into();
    Ok(json)
}
