//! The page as a browser without scripts has it.

use super::client::get;
use super::server::Place;

/// The part of `page` that is the region called `id`.
fn region<'p>(page: &'p str, id: &str) -> &'p str {
    let from = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no region {id}"));
    let part = &page[from..];
    &part[..part.find("</section>").expect("a region ends")]
}

#[test]
fn the_page_shows_every_item_in_its_column_with_holder_progress_and_reason() {
    let place = Place::new();
    place.add("free to claim");
    let [held, done, blocked, dead, gone] =
        ["being held", "well done", "in the way", "hopeless", "left"].map(|t| place.add(t));
    let later = place.json(&["work", "add", "waits for it", "--depends-on", &held]);
    assert_eq!(later["state"], "pending");
    place.json(&["work", "claim", &held, "--agent", "ada lovelace", "--ttl", "10m"]);
    place.json(&["work", "progress", &held, "--agent", "ada lovelace", "--fence", "1", "--percent", "40"]);
    place.json(&["work", "claim", &done, "--agent", "grace"]);
    place.json(&["work", "report", &done, "--agent", "grace", "--fence", "1"]);
    place.json(&["work", "block", &blocked, "--reason", "no answer yet"]);
    for fence in ["1", "2", "3"] {
        place.json(&["work", "claim", &dead, "--agent", "linus"]);
        place.json(&["work", "fail", &dead, "--agent", "linus", "--fence", fence, "--reason", "cannot be done"]);
    }
    place.json(&["work", "cancel", &gone]);

    let up = place.up();
    let answer = get(up.at, "/");
    let page = answer.body.as_str();
    assert_eq!(answer.status, 200);
    for (id, texts) in [
        ("ready", &["free to claim"][..]),
        ("held", &["being held", "ada lovelace", "until ", "fence 1", "40 %", "value=\"40\""]),
        ("done", &["well done", "reported"]),
        ("pending", &["waits for it", "Waits for 1 other item"]),
        ("blocked", &["in the way", "no answer yet", "nexus work unblock"]),
        ("dead", &["hopeless", "cannot be done", "nexus work requeue"]),
        ("agents", &["ada lovelace", "being held", "none opened"]),
        ("events", &["ada lovelace</bdi> took", "</q> was called off", "<time datetime="]),
        ("top", &["<b>1</b> Ready", "<b>1</b> Held", "<b>1</b> Cancelled", "Store ok", "1 of 3 agents at work"]),
    ] {
        for text in texts {
            assert!(region(page, id).contains(text), "{id} lacks {text:?}: {}", region(page, id));
        }
    }
    assert!(page.contains("<noscript>") && page.contains("Refresh now"));
}

#[test]
fn an_empty_board_says_how_to_begin() {
    let place = Place::new();
    let up = place.up();
    let page = get(up.at, "/").body;
    assert!(region(&page, "ready").contains("nexus work add"));
    assert!(region(&page, "agents").contains("nexus run"));
    assert!(region(&page, "events").contains("nexus work add"));
}

#[test]
fn what_people_wrote_never_becomes_markup() {
    let place = Place::new();
    let odd = "</section><script>alert('x')</script>\r\n\t\"&amp; <!-- \u{202e}\u{1f600}";
    let id = place.json(&["work", "add", odd, "--type", "<i>", "--team", "a<b>c"])["id"].clone();
    assert_eq!(place.json(&["work", "show", id.as_str().expect("it is text")])["title"], odd);
    place.add(&"W".repeat(1_000));
    place.json(&["work", "claim", id.as_str().expect("it is text"), "--agent", "<b>\"'"]);
    let up = place.up();
    let page = get(up.at, "/").body;
    for markup in ["<script>", "<i>", "<b>\"", "<!--", "a<b>c"] {
        assert!(!page.contains(markup), "{markup} came through");
    }
    assert!(region(&page, "held").contains("&lt;script&gt;alert('x')&lt;/script&gt; &quot;&amp;amp; &lt;!--"));
    assert!(!region(&page, "ready").contains(&"W".repeat(500)), "a long title is cut short");
}

#[test]
fn a_browser_is_told_to_run_nothing_but_the_files_of_the_page() {
    let place = Place::new();
    place.add("one");
    let up = place.up();
    let answer = get(up.at, "/");
    let policy = answer.header("content-security-policy").expect("there is a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    for inline in [" style=", " onclick=", " onload=", "<style", "javascript:"] {
        assert!(!answer.body.contains(inline), "the policy forbids {inline}");
    }
    assert_eq!(answer.body.matches("<script").count(), 1);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn the_page_says_what_is_wrong_when_the_store_is_gone() {
    let place = Place::new();
    let up = place.up();
    std::fs::remove_file(place.store()).expect("it is there");
    let answer = get(up.at, "/");
    assert_eq!(answer.status, 503);
    assert!(region(&answer.body, "top").contains("Store failed"));
}
