use crate::change::{ChangeLimits, Glob, Policy, Size, Trespass};

fn policy(protected: &[&str]) -> Policy {
    Policy { protected: protected.iter().map(|p| p.parse::<Glob>().expect("a pattern")).collect(), ..Policy::default() }
}

fn paths(paths: &[&str]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| path.as_bytes().to_vec()).collect()
}

const SMALL: Size = Size { files: 1, bytes: 1 };

#[test]
fn a_change_within_its_bounds_may_pass() {
    assert_eq!(policy(&["tests/**"]).trespass(&paths(&["src/a.rs"]), SMALL, false), None);
    assert_eq!(Policy::default().trespass(&[], Size { files: 0, bytes: 0 }, false), None);
}

#[test]
fn whoever_touches_protected_paths_is_told_which() {
    let touched = policy(&["tests/**", "*.lock"]).trespass(&paths(&["src/a", "tests/b", "c.lock"]), SMALL, false);
    assert_eq!(touched, Some(Trespass::Protected(vec!["tests/b".into(), "c.lock".into()])));
}

#[test]
fn the_policy_itself_is_always_protected() {
    let touched = Policy::default().trespass(&paths(&["a", "nexus.toml"]), SMALL, false);
    assert_eq!(touched, Some(Trespass::Protected(vec!["nexus.toml".into()])));
    assert_eq!(Policy::default().trespass(&paths(&["a/nexus.toml"]), SMALL, false), None, "only at the top");
}

#[test]
fn an_approval_lifts_the_protection_of_paths_and_not_the_limits() {
    let policy = Policy { limits: ChangeLimits { files_max: 2, bytes_max: 10 }, ..policy(&["tests/**"]) };
    let touching = paths(&["tests/b", "nexus.toml"]);
    assert_eq!(policy.trespass(&touching, Size { files: 2, bytes: 10 }, true), None);
    for size in [Size { files: 3, bytes: 1 }, Size { files: 1, bytes: 11 }] {
        assert_eq!(policy.trespass(&touching, size, true), Some(Trespass::TooLarge(size)));
        assert_eq!(policy.trespass(&touching, size, false), Some(Trespass::TooLarge(size)));
    }
}

#[test]
fn paths_that_are_no_text_are_protected_all_the_same() {
    let touched = policy(&["tests/**"]).trespass(&[b"tests/\xff".to_vec()], SMALL, false);
    assert_eq!(touched, Some(Trespass::Protected(vec!["tests/\u{fffd}".into()])));
}

#[test]
fn a_trespass_names_five_paths_and_counts_the_rest() {
    let many = (0..7).map(|n| format!("t/{n}")).collect();
    let text = Trespass::Protected(many).to_string();
    assert!(text.contains("\"t/4\" and 2 more;") && !text.contains("t/5"), "{text}");
    assert!(!Trespass::Protected(vec!["a".into()]).to_string().contains("more;"));
    assert_eq!(Trespass::TooLarge(SMALL).to_string(), "too large: the change has 1 files and 1 bytes");
}
