//! What the measuring programs share: their flags, medians, and how a comparison is printed.
//!
//! Each program measures something of ours against something bare in the same run, round about, and prints ratios:
//! they carry over to other machines where times do not. None of them fails for being slow.

pub mod race;
pub mod served;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The flags of every program here.
#[derive(Clone, Debug)]
pub struct Flags {
    /// A short run: enough to see that it works, too little to believe.
    pub quick: bool,
    /// One JSON object on stdout in place of the table.
    pub json: bool,
    /// Only what has this in its name; everything when empty.
    pub only: String,
}

impl Flags {
    /// The flags this program was started with; anything else ends it with the usage.
    pub fn read(about: &str) -> Self {
        Self::read_with(about, "", "").0
    }

    /// The same with one more flag that takes a number, and that number when the flag is there.
    pub fn read_with(about: &str, own: &str, meaning: &str) -> (Self, Option<u64>) {
        let (mut flags, mut number) = (Self { quick: false, json: false, only: String::new() }, None);
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => flags.quick = true,
                "--json" => flags.json = true,
                word if !word.starts_with('-') => word.clone_into(&mut flags.only),
                word if word == own => match arguments.next().and_then(|text| text.parse().ok()) {
                    Some(given) => number = Some(given),
                    None => usage(about, own, meaning, 2),
                },
                other => usage(about, own, meaning, if matches!(other, "--help" | "-h") { 0 } else { 2 }),
            }
        }
        (flags, number)
    }
}

fn usage(about: &str, own: &str, meaning: &str, code: i32) -> ! {
    eprintln!("{about}\n\n  --quick  a short run\n  --json   one JSON object\n  WORD     only what has it in its name");
    if !own.is_empty() {
        eprintln!("  {own} {meaning}");
    }
    std::process::exit(code)
}

/// How long `work` takes.
pub fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The middle of `numbers`; the mean of the two in the middle when they are even.
///
/// Panics without a number.
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

/// Something of ours against something bare, both in things per second, repetition by repetition.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What is compared.
    pub name: String,
    /// Ours, one number per repetition.
    pub ours: Vec<f64>,
    /// The bare one, in the same order.
    pub bare: Vec<f64>,
    /// The least ratio that we want, where we want one.
    pub goal: Option<f64>,
}

impl Comparison {
    /// Ours to bare, repetition by repetition: what disturbs one disturbs its neighbour too.
    fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.bare).map(|(ours, bare)| ours / bare).collect()
    }

    fn line(&self) -> String {
        let ratios = self.ratios();
        let (least, most) = ratios.iter().fold((f64::MAX, f64::MIN), |(a, b), r| (a.min(*r), b.max(*r)));
        let goal = self.goal.map_or_else(String::new, |goal| {
            format!("  goal {goal:.2} {}", if median(&ratios) >= goal { "met" } else { "NOT MET" })
        });
        format!(
            "{:<28} {:>10.0} {:>10.0}   {:.2} ({least:.2} to {most:.2}){goal}",
            self.name,
            median(&self.ours),
            median(&self.bare),
            median(&ratios),
        )
    }

    fn json(&self) -> Value {
        let ratio = median(&self.ratios());
        json!({
            "name": self.name, "ours_per_s": median(&self.ours), "bare_per_s": median(&self.bare), "ratio": ratio,
            "goal": self.goal, "met": self.goal.map(|goal| ratio >= goal), "ours": self.ours, "bare": self.bare,
        })
    }
}

/// Prints `all` as the flags ask; `what` is counted per second.
pub fn print(flags: &Flags, title: &str, what: &str, all: &[Comparison]) {
    if flags.json {
        let all: Vec<Value> = all.iter().map(Comparison::json).collect();
        println!("{}", json!({ "bench": title, "unit": what, "machine": machine(), "comparisons": all }));
        return;
    }
    println!("{title}, in {what} per second\n{}\n", machine());
    println!("{:<28} {:>10} {:>10}   ratio (least to most)", "", "ours", "bare");
    for comparison in all {
        println!("{}", comparison.line());
    }
}

/// The machine in one line: processor, cores, system, and how long a small synced write takes.
pub fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let system = read("/proc/sys/kernel/osrelease");
    let synced = median(&synced_writes(100));
    format!(
        "{}, {cores} cores, Linux {}, synced write {synced:.0} us",
        cpu.trim_matches([':', ' ', '\t']),
        system.trim()
    )
}

/// How long each of `count` appended and synced writes of 4 KiB takes, in microseconds.
pub fn synced_writes(count: usize) -> Vec<f64> {
    use std::io::Write;
    let mut file = tempfile::tempfile().expect("a file can be made");
    let mut one = || {
        time(|| {
            file.write_all(&[7; 4_096]).expect("there is room");
            file.sync_data().expect("the disk syncs");
        })
    };
    (0..count).map(|_| one().as_secs_f64() * 1e6).collect()
}

/// The processor time of a process so far, over all its threads.
pub fn cpu(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let spent = |task: std::fs::DirEntry| {
        let said = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        said.split(' ').next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(tasks.filter_map(spent).sum())
}
