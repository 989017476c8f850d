//! Matching a step's text with a pattern such as `{} claims {}`.

/// What stands where the pattern has `{}`: a text in double quotes (without them) or one word. `None` when the text
/// is another step.
pub fn captures(pattern: &str, text: &str) -> Option<Vec<String>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next().unwrap_or_default())?;
    let mut found = Vec::new();
    for part in parts {
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find([' ', ',']).unwrap_or(rest.len())),
        };
        rest = after.strip_prefix(part)?;
        if value.is_empty() && !text.contains("\"\"") {
            return None;
        }
        found.push(value.to_owned());
    }
    rest.is_empty().then_some(found)
}

#[test]
fn a_pattern_takes_quoted_texts_and_single_words() {
    let found = |pattern, text| captures(pattern, text);
    assert_eq!(found("{} claims {}", "\"zoe\" claims \"Fix it\""), Some(vec!["zoe".into(), "Fix it".into()]));
    assert_eq!(
        found("{} is {}, {}", "\"a\" is done, observed"),
        Some(vec!["a".into(), "done".into(), "observed".into()])
    );
    assert_eq!(found("{} is {}", "\"a\" is done, observed"), None);
    assert_eq!(found("nothing waits", "nothing waits"), Some(vec![]));
    assert_eq!(found("nothing waits", "nothing waits here"), None);
}
