//! The steps about advice.

use serde_json::{Value, json};

use super::Step;
use super::stage::Stage;

pub const STEPS: &[Step] = &[
    ("advice on {} is asked for", |s, a, _| s.act(["advise"].into_iter().chain(a[0].split_whitespace()))),
    ("the advice has no {}", |s, a, _| assert!(s.success()[a[0]].is_null(), "{}", s.success())),
    ("the advice was given by rules, as no model was asked", |s, _, _| {
        let told = s.success();
        assert_eq!((&told["engine"], &told["llm"]["available"]), (&"rules".into(), &false.into()), "{told}");
        assert_eq!(told["llm"]["reason"], "no model was asked");
    }),
    ("a model that would give {} to {}", |s, a, _| {
        let change = json!({ "work_item": s.id(a[0]), "to_agent": a[1], "reasoning": "it is best", "confidence": 0.9 });
        let answer = json!({ "assignment_changes": [change], "confidence": 0.9 });
        s.world.write("model.json", &answer.to_string());
    }),
    ("the model is asked about {}", |s, a, _| {
        let program = format!("cat {}", s.world.repo.join("model.json").display());
        let model = ["--ask", "command", "--program", &program];
        s.act(["advise"].into_iter().chain(a[0].split_whitespace()).chain(model));
    }),
    ("the advice was given by rules, with an opinion beside it", |s, _, _| {
        let told = s.success();
        assert_eq!((&told["engine"], &told["llm"]["engine"]), (&"rules".into(), &"llm".into()), "{told}");
        assert_eq!((&told["llm"]["available"], &told["llm"]["applied"]), (&true.into(), &Value::Null), "{told}");
    }),
    ("the advice was given by rules, as the answer of the model did not fit", |s, _, _| {
        let told = s.success();
        assert_eq!((&told["engine"], &told["llm"]["available"]), (&"rules".into(), &false.into()), "{told}");
        assert_eq!(told["llm"]["outcome"], "failed_schema_unmet", "{told}");
    }),
    ("{} comes first in the advice", |s, a, _| {
        assert_eq!(s.success()["recommendations"][0]["work_type"], a[0], "{}", s.success());
    }),
    ("it advises to give {} to {}", |s, a, _| {
        let (told, id) = (s.success(), s.id(a[0]));
        let change = &told["assignment_changes"][0];
        assert_eq!((&change["work_item"], &change["to_agent"]), (&id.into(), &a[1].into()), "{told}");
    }),
    ("it advises to {} {}", |s, a, _| {
        let (told, id) = (s.success(), s.id(a[1]));
        let it = &told["recommendation"];
        assert_eq!((&it["action"], &it["work_item"]), (&a[0].into(), &id.into()), "{told}");
    }),
    ("{} action was done", |s, a, _| {
        let told = s.success();
        let done = told["applied"].as_array().expect("what was done");
        assert!(done.len().to_string() == a[0] && done.iter().all(|it| it["done"] == true), "{told}");
    }),
    ("there are {} items now", |s, a, _| {
        let all = s.world.ok(["work", "list"]);
        assert_eq!(all.as_array().map(Vec::len).expect("a list").to_string(), a[0]);
    }),
    ("the log has {} entries {}", |s, a, _| assert_eq!(logged(s, a[1]).to_string(), a[0])),
];

fn logged(stage: &mut Stage, name: &str) -> usize {
    let said = stage.world.run(["events"]).out;
    let entries = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter(|entry| entry["name"] == name).count()
}
