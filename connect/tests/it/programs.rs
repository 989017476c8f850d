//! Programs under their keeper, and what they try.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use connect::process::Processes;
use engine::ports::{Caps, Exit, Heard, Inherit, Launch, Launcher, Refused, Running, Talk};
use tempfile::TempDir;

/// Longer than any test takes: what waits so long has failed.
const LONG: Duration = Duration::from_mins(2);

struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room for a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shell(&self, script: &str) -> Launch {
        Launch {
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            dir: self.folder.path().to_owned(),
            env: Vec::new(),
            env_remove: Vec::new(),
            inherit: Inherit::All,
            stdin: Vec::new(),
            output: self.path("output"),
            output_bytes_max: 1_000_000,
            caps: Caps::default(),
            talk: None,
        }
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("output")).expect("it was made")).into_owned()
    }

    /// Makes a named pipe, reads it to its end in a thread, and gives the end back: a pipe ends when nobody holds
    /// it any more, which is how a test learns that every process is gone.
    fn witness(&self, name: &str) -> std::sync::mpsc::Receiver<Vec<u8>> {
        let path = self.path(name);
        assert!(Command::new("mkfifo").arg(&path).status().expect("it is installed").success());
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(fs::read(path).unwrap_or_default()));
        told
    }
}

fn keeper() -> PathBuf {
    let own = std::env::current_exe().expect("linux tells");
    let target = own.parent().and_then(Path::parent).expect("tests are in target/PROFILE/deps");
    let keeper = target.join("examples/keeper");
    assert!(keeper.exists(), "cargo builds the examples with all tests: cargo test -p connect");
    keeper
}

fn launch(launch: &Launch) -> Box<dyn Running> {
    Processes { keeper: keeper() }.launch(launch).expect("it can be started")
}

fn run(what: &Launch) -> Exit {
    launch(what).wait(LONG).expect("it ends")
}

/// Whether the process is there and not just a zombie that nobody has taken in yet.
fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

#[test]
fn output_errors_input_and_exit_code_pass_through() {
    let it = Fixture::new();
    let exit = run(&Launch { stdin: b"in".to_vec(), ..it.shell("cat; echo out; echo err >&2; exit 7") });
    assert_eq!(it.output(), "inout\nerr\n");
    assert_eq!((exit.code, exit.output_bytes), (7, 10));
    assert_eq!(exit.output_digest, "e9ee817da840df1b77b753f1b6e375bdb63bd6fab88cfd37a4fce670e40429da");
}

#[test]
fn a_program_has_a_session_of_its_own_and_no_terminal_to_ask_at() {
    let it = Fixture::new();
    run(&it.shell(
        "test \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ && echo own; (read -r x < /dev/tty) 2>/dev/null || echo none",
    ));
    assert_eq!(it.output(), "own\nnone\n");
}

#[test]
fn a_signal_is_128_and_its_number() {
    let it = Fixture::new();
    assert_eq!(run(&it.shell("kill -9 $$")).code, 137);
    assert_eq!(run(&it.shell("kill -15 $$")).code, 143);
}

#[test]
fn variables_are_set_and_removed_whatever_is_in_them_and_ours_are_not_seen() {
    let it = Fixture::new();
    let odd = OsString::from_vec(b"\xff\xfe\n\xf0\x9f\xa6\x80".to_vec());
    let env = vec![("ODD".to_owned(), odd.clone()), ("GONE".to_owned(), "x".into())];
    let script = "printf %s \"$ODD\"; printf %s \"${HOME-unset}\"; env | grep -c 'NEXUS_KEEP_[GP]'; pwd";
    let what = Launch { env, env_remove: vec!["HOME".to_owned()], ..it.shell(script) };
    run(&what);
    let folder = it.folder.path().canonicalize().expect("it is there");
    let expected = [odd.as_bytes(), b"unset0\n", folder.as_os_str().as_bytes(), b"\n"].concat();
    assert_eq!(fs::read(it.path("output")).expect("it was made"), expected);
}

#[test]
fn a_daemon_that_left_its_session_is_dead_when_the_program_has_ended() {
    let it = Fixture::new();
    let gone = it.witness("pipe");
    let script = "(setsid sh -c '(setsid sleep 1000 & echo $! >pid; exec sleep 1000) & sleep 1000' >pipe 2>&1 &)
        while ! test -s pid; do :; done; exit 3";
    let mut running = launch(&it.shell(script));
    assert_eq!(running.wait(LONG).expect("it ends").code, 3);
    let pid = fs::read_to_string(it.path("pid")).expect("it was written");
    assert!(!lives(pid.trim()));
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn a_program_that_heeds_the_request_ends_by_itself_within_its_grace() {
    let it = Fixture::new();
    let mut running = launch(&it.shell("trap 'echo bye; exit 5' TERM; echo ready >flag; while :; do sleep 0.01; done"));
    await_file(&it.path("flag"));
    assert_eq!(running.wait(Duration::ZERO), None);
    running.stop(LONG);
    assert_eq!(running.wait(LONG).expect("it ends").code, 5);
    // The shell may say first that its sleep was terminated.
    assert!(it.output().ends_with("bye\n"));
}

#[test]
fn a_program_that_ignores_the_request_is_killed_after_its_grace() {
    let it = Fixture::new();
    let gone = it.witness("pipe");
    let mut running = launch(&it.shell("trap '' TERM; exec 3>pipe; echo ready >flag; while :; do sleep 1; done"));
    await_file(&it.path("flag"));
    running.stop(Duration::from_millis(50));
    assert_eq!(running.wait(LONG).expect("it ends").code, 137);
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn dropping_a_program_ends_all_of_it() {
    let it = Fixture::new();
    let gone = it.witness("pipe");
    let running = launch(&it.shell("exec 3>pipe; setsid sleep 1000 & echo ready >flag; sleep 1000"));
    await_file(&it.path("flag"));
    drop(running);
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn when_the_one_who_started_it_dies_everything_dies() {
    let it = Fixture::new();
    let gone = it.witness("pipe");
    // A shell in our place starts the keeper, and dies without a word.
    let script = "\"$KEEPER\" keep -- sh -c 'exec 3>pipe; setsid sleep 1000 & echo ready >flag; sleep 1000' & wait";
    let mut parent = Command::new("sh");
    parent.args(["-c", script]).env("KEEPER", keeper()).current_dir(it.folder.path()).stdin(Stdio::null());
    let mut parent = parent.spawn().expect("it is installed");
    await_file(&it.path("flag"));
    parent.kill().expect("it runs");
    parent.wait().expect("it was killed");
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn a_program_that_kills_its_keeper_does_not_outlive_it() {
    let it = Fixture::new();
    let gone = it.witness("pipe");
    let mut running = launch(&it.shell("exec 3>pipe; setsid sleep 1000 & kill -9 $PPID; sleep 1000"));
    assert_eq!(running.wait(LONG).expect("it ends").code, 137);
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn a_keeper_that_was_stopped_is_woken_to_end() {
    let it = Fixture::new();
    let mut running = launch(&it.shell("kill -STOP $PPID; echo ready >flag; sleep 1000"));
    await_file(&it.path("flag"));
    running.stop(Duration::ZERO);
    assert_eq!(running.wait(LONG).expect("it ends").code, 137);
}

#[test]
fn a_gigabyte_of_output_is_hashed_and_takes_no_more_memory_than_the_limit() {
    let it = Fixture::new();
    let what = Launch { output_bytes_max: 1_000, ..it.shell("head -c 1000000000 /dev/zero; echo end") };
    let before = peak_kib();
    let exit = run(&what);
    assert_eq!(exit.output_bytes, 1_000_000_004);
    let kept = fs::read(it.path("output")).expect("it was made");
    assert!(kept.len() < 1_100 && kept.ends_with(b"\0end\n"));
    assert!(String::from_utf8_lossy(&kept).contains("\n… 999999004 bytes left out …\n"));
    assert!(peak_kib() - before < 50_000, "{} KiB more", peak_kib() - before);
}

#[test]
fn a_full_disk_neither_stops_the_program_nor_loses_the_digest() {
    let it = Fixture::new();
    let exit = run(&Launch { output: "/dev/full".into(), ..it.shell("printf abc; echo done >flag") });
    assert_eq!((exit.code, exit.output_bytes), (0, 3));
    assert_eq!(exit.output_digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn input_that_nobody_reads_is_no_failure() {
    let it = Fixture::new();
    assert_eq!(run(&Launch { stdin: vec![b'x'; 3_000_000], ..it.shell("exit 0") }).code, 0);
    let exit = run(&Launch { stdin: vec![b'x'; 3_000_000], ..it.shell("wc -c") });
    assert_eq!((exit.code, it.output().trim()), (0, "3000000"));
}

#[test]
fn what_cannot_be_started_is_said_in_plain_words() {
    let it = Fixture::new();
    fs::write(it.path("text"), "no program").expect("it is ours");
    let said = |argv: &[&str], dir: PathBuf, path: &OsStr| {
        let argv = argv.iter().map(|&it| it.to_owned()).collect();
        let env = vec![("PATH".to_owned(), path.to_owned())];
        let what = Launch { argv, dir, env, ..it.shell("") };
        match (Processes { keeper: keeper() }).launch(&what) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("it was started"),
        }
    };
    let (here, path) = (it.folder.path().to_owned(), OsStr::new("/usr/bin:/bin"));
    assert!(said(&["no-such-program"], here.clone(), path).contains("was not found on the PATH"));
    assert!(said(&["./text"], here.clone(), path).contains("not executable"));
    assert!(said(&["text"], here.clone(), here.as_os_str()).contains("not executable"));
    assert!(said(&["./nowhere"], here.clone(), path).contains("no such file"));
    assert!(said(&["sh"], it.path("nowhere"), path).contains("does not exist"));
    assert!(said(&["sh"], here.clone(), OsStr::new("/nowhere")).contains("not found"));
    assert!(said(&[], here.clone(), path).contains("no program is named"));
    assert!(said(&["sh", "a\0b"], here.clone(), path).contains("NUL"));
    assert!(said(&["sh", &"x".repeat(3_000_000)], here, path).contains("too long"));
}

#[test]
fn a_program_whose_interpreter_is_missing_is_code_127_with_the_reason() {
    let it = Fixture::new();
    fs::write(it.path("script"), "#!/no/such/interpreter\n").expect("it is ours");
    assert!(Command::new("chmod").args(["+x"]).arg(it.path("script")).status().expect("it is installed").success());
    let exit = run(&Launch { argv: vec!["./script".to_owned()], ..it.shell("") });
    assert_eq!(exit.code, 127);
    assert!(it.output().contains("could not be started"));
}

/// Waits for a file that a program writes when it is ready. The kernel gives no cheaper signal across programs.
fn await_file(path: &Path) {
    while fs::read(path).unwrap_or_default().is_empty() {
        std::thread::yield_now();
    }
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("linux tells");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

/// Whether this machine lets us make control groups; says so where it does not.
fn caps_hold() -> bool {
    let hold = connect::process::caps_hold();
    if !hold {
        println!("SKIPPED: no control group can be made here");
    }
    hold
}

#[test]
fn what_takes_more_memory_than_its_cap_is_killed_and_that_is_told() {
    let it = Fixture::new();
    let hungry = it.shell("head -c 300000000 /dev/zero | tail -c 300000000 | wc -c");
    assert_eq!(run(&hungry).refused, Refused::default());
    assert_eq!(it.output(), "300000000\n");
    if caps_hold() {
        let caps = Caps { memory_bytes: Some(60_000_000), tasks: None };
        let exit = run(&Launch { caps, ..hungry });
        assert_eq!(exit.refused, Refused { memory: true, tasks: false });
        assert_ne!(it.output(), "300000000\n");
    }
}

#[test]
fn what_starts_more_than_its_cap_is_refused_and_nothing_is_left_of_it() {
    let it = Fixture::new();
    let gone = it.witness("pipe");
    let caps = Caps { memory_bytes: None, tasks: Some(30) };
    let many = it.shell("exec > pipe; for n in $(seq 100); do sleep 1000 & done; echo all; wait");
    if caps_hold() {
        let exit = run(&Launch { caps, ..many });
        assert_eq!(exit.refused, Refused { memory: false, tasks: true });
        let said = gone.recv_timeout(LONG).expect("everybody is gone");
        assert!(!String::from_utf8_lossy(&said).contains("all"), "it got no further");
    } else {
        fs::write(it.path("pipe"), "").expect("it is read");
    }
}

#[test]
fn an_interrupt_reaches_a_program_through_what_keeps_it_in() {
    let it = Fixture::new();
    let script = "trap 'echo heard; exit 9' INT; echo ready; sleep 1000 & wait";
    let inside = it.shell(script).argv;
    let outside = [
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--",
    ];
    let argv = outside.map(str::to_owned).into_iter().chain(inside).collect();
    let talk = Some(Talk { errors: it.path("errors"), line_bytes_max: 1_000 });
    let mut running = launch(&Launch { argv, talk, ..it.shell("") });
    assert_eq!(running.hear(LONG), Heard::Line { bytes: b"ready".to_vec(), cut: false });
    running.interrupt();
    assert_eq!(running.hear(LONG), Heard::Line { bytes: b"heard".to_vec(), cut: false });
    let Heard::Ended(exit) = running.hear(LONG) else { panic!("it ended") };
    assert_eq!(exit.code, 9);
}
