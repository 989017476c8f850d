//! A command line in one text, split into words as a shell would, without being one.

use engine::problem::Problem;

/// The words of `text`: split at white space, with quotes and backslashes as in a shell. Nothing is expanded.
pub fn split(text: &str) -> Result<Vec<String>, Problem> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let quoted = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => quoted.push(c),
                        None => return Err(open(text)),
                    }
                }
            }
            '"' => {
                let quoted = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => quoted.push(c),
                            Some(c) => quoted.extend(['\\', c]),
                            None => return Err(open(text)),
                        },
                        Some(c) => quoted.push(c),
                        None => return Err(open(text)),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or_else(|| open(text))?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if words.is_empty() {
        return Err(Problem::malformed("--agent names no program; give one, such as --agent 'claude -p'"));
    }
    Ok(words)
}

fn open(text: &str) -> Problem {
    Problem::malformed(format!("--agent has a quote or backslash that does not end: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        let cases: [(&str, &[&str]); 6] = [
            ("claude -p", &["claude", "-p"]),
            ("  a\tb\nc ", &["a", "b", "c"]),
            ("sh -c 'echo \"hi\" && ls'", &["sh", "-c", "echo \"hi\" && ls"]),
            (r#"a "b \" $c" d\ e"#, &["a", "b \" $c", "d e"]),
            ("a '' b", &["a", "", "b"]),
            ("x'y'\"z\"", &["xyz"]),
        ];
        for (text, words) in cases {
            assert_eq!(split(text).expect(text), words, "{text}");
        }
    }

    #[test]
    fn an_open_quote_and_an_empty_text_are_refused() {
        for text in ["'a", "\"a", "a\\", "", "  "] {
            assert!(split(text).is_err(), "{text:?}");
        }
    }
}
