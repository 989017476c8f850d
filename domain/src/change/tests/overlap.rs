use proptest::prelude::*;

use crate::change::Glob;

fn overlap(a: &str, b: &str) -> bool {
    let flat = |text: &str| text.parse::<Glob>().expect(text).flat(1_000).expect("few choices");
    let (a, b) = (flat(a), flat(b));
    a.iter().any(|a| b.iter().any(|b| a.overlaps(b)))
}

#[test]
fn patterns_overlap_where_a_path_could_fit_both() {
    for (a, b, expected) in [
        ("src/**", "src/a/b.rs", true),
        ("src/**", "docs/**", false),
        ("src/*.rs", "src/a*", true),
        ("src/*.rs", "src/*.md", false),
        ("src/*.rs", "src/a/*.rs", false),
        ("src/a?.rs", "src/ab.rs", true),
        ("src/a?.rs", "src/abc.rs", false),
        ("*.rs", "src/deep/er/x.rs", true),
        ("*.rs", "src/deep/*.md", false),
        ("**/tests/**", "a/b/tests/c", true),
        ("{src,docs}/*.md", "docs/a.md", true),
        ("{src,docs}/*.md", "tests/a.md", false),
        ("{a,b}/{c,d}/x", "b/c/x", true),
        ("a/**/z", "a/z", true),
        ("a/**/z", "a/b/c/z", true),
        ("a/**/z", "b/z", false),
        ("src/", "x/src/y", true),
        ("src", "src/y", false),
        (r"a/\*", "a/b", false),
        (r"a/\*", r"a/\*", true),
        ("a/[xy]", "a/x", true),
        ("**", "anything/at/all", true),
        ("名前/*", "名前/ü", true),
    ] {
        assert_eq!(overlap(a, b), expected, "{a} and {b}");
        assert_eq!(overlap(b, a), expected, "{b} and {a}");
    }
}

#[test]
fn choices_that_explode_are_noticed_before_they_are_made() {
    let glob: Glob = "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}".parse().expect("a pattern");
    assert!(glob.flat(1_023).is_none());
    assert_eq!(glob.flat(1_024).map(|it| it.len()), Some(1_024));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn two_patterns_that_fit_one_path_overlap(
        a in "([ab*?]|\\*\\*|/|\\{a,b/\\}|\\[ab\\]){1,7}", b in "([ab*?]|\\*\\*|/|\\{a,b/\\}){1,7}",
        path in "[ab]{1,2}(/[ab]{1,2}){0,3}"
    ) {
        if let (Ok(left), Ok(right)) = (a.parse::<Glob>(), b.parse::<Glob>())
            && left.fits(path.as_bytes()) && right.fits(path.as_bytes())
            // A pattern for all below a folder fits the folder's own path as well; a file and a folder is no overlap.
            && !a.contains('/') && !b.contains('/')
        {
            prop_assert!(overlap(&a, &b), "{path} fits {a} and {b}");
        }
    }
}
