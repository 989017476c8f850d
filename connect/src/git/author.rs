//! Any text as an identity that git accepts.

/// The longest name and address we hand to git, in characters.
const LENGTH_MAX: usize = 100;

/// The name and the address that stand for `author` in a commit; neither is ever empty.
pub(super) fn identity(author: &str) -> (String, String) {
    let name: String = author.chars().map(|c| if c.is_control() || matches!(c, '<' | '>') { ' ' } else { c }).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(LENGTH_MAX).collect();
    let slug: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let slug = slug.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    // Git drops punctuation from both ends of a name and refuses one that is nothing else.
    let nothing_else = name.chars().all(|c| c.is_ascii() && !c.is_ascii_alphanumeric());
    let name = if nothing_else { "agent".to_owned() } else { name };
    let slug = if slug.is_empty() { "agent".to_owned() } else { slug.to_lowercase() };
    (name, format!("{slug}@nexus.invalid"))
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn every_author_becomes_a_name_and_an_address_that_git_accepts() {
        let pairs = [
            ("Ada 2", "Ada 2", "ada-2@nexus.invalid"),
            ("a <b@c>\nd", "a b@c d", "a-b-c-d@nexus.invalid"),
            ("", "agent", "agent@nexus.invalid"),
            (" .,;\"' ", "agent", "agent@nexus.invalid"),
            ("名前🦀", "名前🦀", "agent@nexus.invalid"),
        ];
        for (author, name, address) in pairs {
            assert_eq!(identity(author), (name.to_owned(), address.to_owned()), "{author:?}");
        }
    }
}
