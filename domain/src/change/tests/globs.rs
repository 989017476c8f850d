use proptest::prelude::*;

use crate::change::{BadGlob, Glob};

fn fits(pattern: &str, path: &str) -> bool {
    pattern.parse::<Glob>().expect(pattern).fits(path.as_bytes())
}

#[test]
fn patterns_fit_what_a_reader_expects() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("nexus.toml", &["nexus.toml", "a/nexus.toml"], &["nexus.tomlx", "xnexus.toml", "nexus.toml/x"]),
        ("*.rs", &["a.rs", "src/a.rs", "a/b/c.rs", ".rs"], &["a.rsx", "a.rs/b"]),
        ("/src".trim_start_matches('/'), &["src", "a/src"], &["src/a", "srcs"]),
        ("src/*.rs", &["src/a.rs"], &["src/a/b.rs", "a/src/a.rs", "a.rs"]),
        ("src/**", &["src", "src/a", "src/a/b.rs"], &["a/src", "a/src/b", "srcs/a"]),
        ("src/**/*", &["src", "src/a", "src/a/b.rs"], &["srcs/a"]),
        ("src/**/**", &["src", "src/a", "src/a/b.rs"], &["srcs/a"]),
        ("src/**/*.rs", &["src/a.rs", "src/a/b/c.rs"], &["src", "src/a.c", "a/src/b.rs"]),
        ("tests/", &["tests", "tests/a", "a/tests", "a/tests/b/c"], &["testsx", "test"]),
        ("tests//", &["tests", "tests/a", "a/tests"], &["testsx"]),
        ("a/tests/", &["a/tests", "a/tests/b"], &["tests", "x/a/tests/b"]),
        ("**/tests/**", &["tests", "a/tests", "tests/a", "a/tests/b"], &["atests/b"]),
        ("**", &["a", "a/b/c", ".github/x"], &[]),
        ("*", &["a", "a/b"], &[]),
        ("a/*", &["a/b", "a/.b"], &["a", "a/b/c"]),
        ("a/?", &["a/b"], &["a/bc", "a/", "a"]),
        ("a?b/c", &["axb/c"], &["a/b/c"]),
        ("a[!x]b/c", &["ayb/c"], &["axb/c", "a/b/c"]),
        ("[]a]", &["]", "a"], &["b"]),
        (r"\[a\]", &["[a]", "x/[a]"], &["a"]),
        (r"\!a", &["!a"], &["a"]),
        ("{a,b}/*.rs", &["a/x.rs", "b/x.rs"], &["c/x.rs", "a/b/x.rs"]),
        ("{tests,docs}/**", &["tests", "docs", "tests/a", "docs/a/b"], &["doc", "tests2/a"]),
        ("{tests/**,docs/*.md}", &["tests", "tests/a/b", "docs/a.md"], &["docs", "docs/a/b.md"]),
        ("x/{a/**/*,b}", &["x/a", "x/a/y/z", "x/b"], &["x", "x/b/c"]),
        ("名前/**", &["名前", "名前/ü"], &["名"]),
        (" spaced name ", &[" spaced name "], &["spaced name"]),
    ];
    for (pattern, fitting, others) in table {
        for path in *fitting {
            assert!(fits(pattern, path), "{pattern:?} fits {path:?}");
        }
        for path in *others {
            assert!(!fits(pattern, path), "{pattern:?} does not fit {path:?}");
        }
    }
}

#[test]
fn what_could_never_fit_is_no_pattern() {
    for unbalanced in ["[a", "a]b[", "[]", "[!]", "{a", "{a,{b,c}}", "a\\", "[a\\]", &"{a,b}".repeat(11)] {
        assert!(matches!(unbalanced.parse::<Glob>(), Err(BadGlob::Unbalanced(_))), "{unbalanced}");
    }
    for start in ["!a", "/a", "/", "./a", "../a"] {
        assert!(matches!(start.parse::<Glob>(), Err(BadGlob::Start(_))), "{start}");
    }
    for empty in ["", " \t\n"] {
        assert_eq!(empty.parse::<Glob>(), Err(BadGlob::Empty));
    }
    assert!(matches!("é".repeat(501).parse::<Glob>(), Err(BadGlob::TooLong { bytes: 1002, .. })));
    assert!("x".repeat(1000).parse::<Glob>().is_ok());
    assert!("{a,b}".repeat(10).parse::<Glob>().is_ok());
}

#[test]
fn a_pattern_is_shown_as_it_was_written() {
    assert_eq!("tests//".parse::<Glob>().expect("a pattern").as_str(), "tests//");
}

#[test]
fn paths_are_bytes_and_any_will_do() {
    let all_below = "src/**".parse::<Glob>().expect("a pattern");
    for path in [&b"src/\xff\xfe.rs"[..], b"src/a\nb", b"src/\x00", b"src/a\\b", b"src/ "] {
        assert!(all_below.fits(path), "{path:?}");
    }
    assert!(!all_below.fits(b"\xffsrc/a"));
    assert!("*.rs".parse::<Glob>().expect("a pattern").fits(b"a/\xff\n.rs"));
    assert!("[\u{80}-\u{ff}]".parse::<Glob>().is_ok());
    assert!(!all_below.fits(b""));
}

/// The slow way to say whether a pattern of literals, `?`, `*` and `**` fits.
fn slowly(pattern: &[u8], path: &[u8], segment_start: bool) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*'] if segment_start => !path.is_empty(),
        [b'*', b'*', b'/', rest @ ..] if segment_start => {
            let below = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[at + 1..]);
            std::iter::once(path).chain(below).any(|path| slowly(rest, path, true))
        }
        [b'*', rest @ ..] => {
            let within = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
            (0..=within).any(|n| slowly(rest, &path[n..], false))
        }
        [b'?', rest @ ..] => path.first().is_some_and(|byte| *byte != b'/') && slowly(rest, &path[1..], false),
        [byte, rest @ ..] => path.first() == Some(byte) && slowly(rest, &path[1..], *byte == b'/'),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_path_without_special_characters_fits_itself(path in "[^!/*?\\[\\]{}\\\\. ][^/*?\\[\\]{}\\\\]{0,8}(/[^/*?\\[\\]{}\\\\]{1,8}){0,4}") {
        prop_assume!(!path.trim().is_empty());
        prop_assert!(fits(&path, &path));
        let below = format!("{path}/**");
        prop_assert!(fits(&below, &path), "a folder fits its own pattern");
        let (inside, beside) = (format!("{path}/x/y"), format!("{path}x"));
        prop_assert!(fits(&below, &inside));
        prop_assert!(!fits(&below, &beside));
    }

    #[test]
    fn a_star_stays_within_its_segment_and_two_cross(name in "[a-z]{0,5}", deep in "[a-z]{1,3}(/[a-z]{1,3}){1,4}") {
        let (near, far) = (format!("x/{name}.y"), format!("x/{deep}.y"));
        prop_assert!(fits("x/*.y", &near));
        prop_assert!(!fits("x/*.y", &far));
        prop_assert!(fits("x/**/*.y", &far) && fits("x/**/*.y", &near));
    }

    #[test]
    fn the_matcher_agrees_with_the_slow_way(
        pattern in prop::collection::vec("\\*\\*|\\*?[ab?]{1,2}(\\*[ab?]{1,2}){0,2}\\*?|\\*", 2..5),
        path in prop::collection::vec("[ab]{1,3}", 1..6),
    ) {
        let (pattern, path) = (pattern.join("/"), path.join("/"));
        let mut folder = pattern.as_str();
        while let Some(shorter) = folder.strip_suffix("/**").or_else(|| folder.strip_suffix("/**/*")) {
            folder = shorter;
        }
        let slow = |pattern: &str| slowly(pattern.as_bytes(), path.as_bytes(), true);
        prop_assert_eq!(fits(&pattern, &path), slow(&pattern) || folder != pattern && slow(folder), "{} {}", pattern, path);
    }

    #[test]
    fn any_text_is_a_pattern_or_is_refused_and_any_bytes_are_a_path(
        text in "[a-c\\[\\]{}!^*?/\\\\,é-]{0,14}",
        path in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        if let Ok(glob) = text.parse::<Glob>() {
            prop_assert_eq!(glob.as_str(), text.as_str());
            let _: bool = glob.fits(&path);
        }
    }
}
