use super::*;

const MESSAGES: &str = concat!(
    "event: message_start\n",
    r#"data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":25,"cache_read_input_tokens":7,"cache_creation_input_tokens":3,"output_tokens":1}}}"#,
    "\n\nevent: content_block_delta\r\n",
    r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, ünïcode"}}"#,
    "\r\n\n",
    r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#,
    "\n\n",
    r#"data: {"type":"message_stop"}"#,
    "\n\n"
);
const RESPONSES: &str = concat!(
    r#"data: {"type":"response.created","response":{"id":"r"}}"#,
    "\n\n",
    r#"data: {"type":"response.output_text.delta","delta":"twelve bytes"}"#,
    "\n\n",
    r#"data: {"type":"response.completed","response":{"usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":10},"output_tokens":4}}}"#,
    "\n\n"
);
const CHAT: &str = concat!(
    r#"data: {"choices":[{"delta":{"content":"four","tool_calls":[{"function":{"arguments":"{}"}}]}}],"usage":null}"#,
    "\n\n",
    r#"data: {"choices":[],"usage":{"prompt_tokens":11,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens":5}}"#,
    "\n\ndata: [DONE]\n\n"
);
const GEMINI: &str = concat!(
    r#"data: {"candidates":[],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1}}"#,
    "\r\n\r\n",
    r#"data: {"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3,"thoughtsTokenCount":2,"cachedContentTokenCount":4}}"#,
    "\r\n\r\n"
);

fn usage(input: u64, output: u64, cache_read: u64, cache_write: u64) -> Usage {
    Usage {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: cache_read,
        cache_write_tokens: cache_write,
        usd_micros: None,
    }
}

fn all() -> [(Format, &'static str, Usage); 4] {
    [
        (Format::Messages, MESSAGES, usage(25, 15, 7, 3)),
        (Format::Responses, RESPONSES, usage(20, 4, 10, 0)),
        (Format::Chat, CHAT, usage(10, 5, 1, 0)),
        (Format::Gemini, GEMINI, usage(5, 5, 4, 0)),
    ]
}

#[test]
fn the_usage_of_a_stream_is_read_however_it_is_cut_into_pieces() {
    for (format, stream, wanted) in all() {
        for size in [1, 2, 3, 7, 64, 10_000] {
            let mut meter = Meter::new(format, true);
            stream.as_bytes().chunks(size).for_each(|piece| meter.feed(piece));
            let seen = meter.end(true);
            assert_eq!(seen.usage(1_000), (wanted, false), "{format:?} in pieces of {size}");
            assert!(seen.complete && !seen.failed, "{format:?} in pieces of {size}");
        }
    }
}

#[test]
fn of_a_stream_that_was_cut_off_what_is_known_is_counted_and_the_rest_is_a_guess() {
    for (format, stream, whole) in all() {
        for end in 0..stream.len() {
            let mut meter = Meter::new(format, true);
            meter.feed(&stream.as_bytes()[..end]);
            let seen = meter.end(false);
            let (usage, guessed) = seen.usage(400);
            assert!(usage.output_tokens <= whole.output_tokens.max(4), "{format:?} at {end}: {usage:?}");
            assert!(guessed || usage.output_tokens > 0, "{format:?} at {end}: {usage:?}");
            if !seen.input_said {
                assert_eq!((usage.input_tokens, guessed), (100, true), "{format:?} at {end}");
            }
        }
    }
    let mut meter = Meter::new(Format::Messages, true);
    meter.feed(&MESSAGES.as_bytes()[..MESSAGES.find("event: content").expect("it is there")]);
    meter.feed(
        b"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"0123456789\"}}\n",
    );
    assert_eq!(meter.end(false).usage(9), (usage(25, 3, 7, 3), true));
}

#[test]
fn a_whole_answer_says_its_usage_too() {
    for (format, body, wanted) in [
        (
            Format::Messages,
            r#"{"type":"message","content":[],"usage":{"input_tokens":5,"output_tokens":2}}"#,
            usage(5, 2, 0, 0),
        ),
        (Format::Responses, r#"{"id":"r","usage":{"input_tokens":5,"output_tokens":2}}"#, usage(5, 2, 0, 0)),
        (
            Format::Chat,
            r#"{"choices":[{"message":{}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
            usage(5, 2, 0, 0),
        ),
        (Format::Gemini, r#"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#, usage(5, 2, 0, 0)),
        (
            Format::Gemini,
            r#"[{"usageMetadata":{"promptTokenCount":5}},{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}]"#,
            usage(5, 2, 0, 0),
        ),
    ] {
        let mut meter = Meter::new(format, false);
        meter.feed(body.as_bytes());
        let seen = meter.end(true);
        assert_eq!((seen.usage(0), seen.complete), ((wanted, false), true), "{format:?}");
    }
}

#[test]
fn what_is_no_stream_of_that_format_stops_nobody() {
    for bad in [
        &b"data: {"[..],
        b"data: nonsense\n\n",
        b"\xff\xfe\n",
        b"data: {\"usage\":7}\n",
        b"data:\n",
        b"data: [1,2]\n",
        b"",
    ] {
        for (format, ..) in all() {
            let mut meter = Meter::new(format, true);
            meter.feed(bad);
            assert!(meter.end(true).usage(8).1, "{format:?}: {bad:?}");
        }
    }
    let mut meter = Meter::new(Format::Messages, true);
    let long = vec![b'x'; LINE_MAX / 2 + 1];
    for _ in 0..4 {
        meter.feed(&long);
    }
    assert!(meter.rest.len() <= LINE_MAX, "a line without end is not kept");
    meter.feed(b"\n");
    meter.feed(MESSAGES.as_bytes());
    assert_eq!(meter.end(true).usage(0), (usage(25, 15, 7, 3), false), "and what follows is read");
}

#[test]
fn an_error_in_a_stream_is_seen() {
    for (format, line) in [
        (Format::Messages, r#"data: {"type":"error","error":{"type":"overloaded_error"}}"#),
        (Format::Responses, r#"data: {"type":"response.failed","response":{}}"#),
        (Format::Chat, r#"data: {"error":{"message":"x"}}"#),
        (Format::Gemini, r#"data: {"error":{"code":503}}"#),
    ] {
        let mut meter = Meter::new(format, true);
        meter.feed(format!("{line}\n\n").as_bytes());
        assert!(meter.end(true).failed, "{format:?}");
    }
}
