//! A backlog out.

use std::io::{BufWriter, Write};
use std::path::Path;

use clap::ValueEnum;
use domain::work::State;
use engine::problem::{Kind, Problem};
use engine::work::{PAGE_MAX, WorkView};
use engine::{Engine, wait};
use serde_json::{Value, json};
use store::work::Page;

use super::{program, rows};
use crate::cli::{Answer, answer};

/// The form in which a backlog goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// JSON lines for `work import`
    Nexus,
    /// The files of coordination_helper.sh
    Coordination,
}

/// The files of the older tool, in the order in which they are written.
const FILES: [&str; 5] =
    ["work_claims.json", "agent_status.json", "coordination_log.json", "velocity_log.txt", program::FILE];

/// Writes what there is to `output`, or to standard output.
pub fn export(engine: &Engine, form: Form, output: Option<&Path>, force: bool, json: bool) -> Result<Answer, Problem> {
    let Some(output) = output else {
        if json {
            return Err(Problem::malformed("--json answers about what was written; say where to with --output"));
        }
        let mut out = Out::over(Box::new(std::io::stdout().lock()), Path::new("standard output"));
        match form {
            Form::Nexus => drop(lines(engine, &mut out)?),
            Form::Coordination => drop(claims(engine, &mut out)?),
        }
        out.end()?;
        return Ok(Answer::silent());
    };
    let (items, files) = match form {
        Form::Nexus => (to_file(output, force, |out| lines(engine, out))?, vec![output.to_path_buf()]),
        Form::Coordination => {
            std::fs::create_dir_all(output).map_err(|e| io(output, &e))?;
            let files: Vec<_> = FILES.iter().map(|name| output.join(name)).collect();
            files.iter().try_for_each(|path| free(path, force))?;
            let items = to_file(&files[0], force, |out| claims(engine, out))?;
            to_file(&files[1], force, |out| agents(engine, out))?;
            to_file(&files[2], force, |out| log(engine, out))?;
            to_file(&files[3], force, |out| velocity(engine, out))?;
            to_file(&files[4], force, |out| planned(engine, out))?;
            (items, files)
        }
    };
    let files: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
    let text = format!("exported {items} items to {}", files.join(", "));
    Ok(Answer::new(&json!({ "exported": items, "files": files }), text))
}

fn lines(engine: &Engine, out: &mut Out<'_>) -> Result<usize, Problem> {
    let mut count = 0;
    let open = |item: &WorkView| !matches!(item.state.as_str(), "done" | "dead" | "cancelled");
    all(engine, None, &mut |item| {
        if open(item) {
            count += 1;
            out.line(&answer::line(&line(engine, item)?))?;
        }
        Ok(())
    })?;
    Ok(count)
}

/// An item as a line for `work import`: only what an item may be asked with, and what it still waits for.
fn line(engine: &Engine, item: &WorkView) -> Result<Value, Problem> {
    let mut needs = Vec::new();
    for id in &item.depends_on {
        let known = id.parse().expect("the id of an item is an id");
        if wait(engine.show(&known))?.state != "done" {
            needs.push(id);
        }
    }
    let mut line = json!({
        "key": item.id, "title": item.title, "type": item.kind, "priority": item.priority,
        "attempts_max": item.attempts_max,
    });
    let fields = line.as_object_mut().expect("an object was just made");
    for (name, value) in [
        ("description", json!(item.description)),
        ("acceptance", json!(item.acceptance)),
        ("team", json!(item.team)),
        ("role", json!(item.role)),
        ("capabilities", json!(item.capabilities)),
        ("labels", json!(item.labels)),
        ("points", json!(item.points)),
        ("business_value", json!(item.business_value)),
        ("payload", json!(item.payload)),
        ("depends_on", json!(needs)),
        ("not_before_ms", json!(item.not_before_ms)),
        ("ports", json!(item.ports)),
        ("databases", json!(item.databases)),
        ("cache", json!(item.cache)),
    ] {
        let says_nothing = [json!(null), json!(""), json!([]), json!(0), json!(false)].contains(&value);
        if !says_nothing || (name == "points" && !value.is_null()) {
            fields.insert(name.to_owned(), value);
        }
    }
    Ok(line)
}

fn claims(engine: &Engine, out: &mut Out<'_>) -> Result<usize, Problem> {
    out.array(|row| all(engine, None, &mut |item| row(&rows::claim(item))))
}

fn agents(engine: &Engine, out: &mut Out<'_>) -> Result<usize, Problem> {
    out.array(|row| {
        let mut place = Page { after: String::new(), limit: PAGE_MAX };
        loop {
            let page = wait(engine.roster(&place))?;
            for agent in &page {
                let record = wait(engine.agent(&agent.name.parse().expect("the name of an agent is a name")))?.1;
                row(&rows::agent(agent, Some(&record)))?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE_MAX as usize => place.after.clone_from(&last.name),
                _ => return Ok(()),
            }
        }
    })
}

fn log(engine: &Engine, out: &mut Out<'_>) -> Result<usize, Problem> {
    out.array(|row| all(engine, Some("done"), &mut |item| row(&rows::completion(item))))
}

fn velocity(engine: &Engine, out: &mut Out<'_>) -> Result<usize, Problem> {
    let mut count = 0;
    all(engine, Some("done"), &mut |item| {
        count += 1;
        out.line(&rows::velocity(item))
    })?;
    Ok(count)
}

fn planned(engine: &Engine, out: &mut Out<'_>) -> Result<usize, Problem> {
    let mut items = Vec::new();
    all(engine, None, &mut |item| {
        items.extend(program::tells_of(item).then(|| item.clone()));
        Ok(())
    })?;
    out.text(&program::write(&items))?;
    Ok(items.len())
}

/// Every item, in `state` when it is given, a page at a time.
fn all(
    engine: &Engine,
    state: Option<&'static str>,
    each: &mut dyn FnMut(&WorkView) -> Result<(), Problem>,
) -> Result<(), Problem> {
    debug_assert!(state.is_none_or(|state| State::WORDS.contains(&state)));
    let mut place = Page { after: String::new(), limit: PAGE_MAX };
    loop {
        let page = wait(engine.list(state, &place))?;
        page.iter().try_for_each(&mut *each)?;
        match page.last() {
            Some(last) if page.len() == PAGE_MAX as usize => place.after.clone_from(&last.id),
            _ => return Ok(()),
        }
    }
}

/// Writes a file beside its place and moves it there.
fn to_file(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut Out<'_>) -> Result<usize, Problem>,
) -> Result<usize, Problem> {
    free(path, force)?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let file = tempfile::Builder::new().prefix(".nexus-export-").tempfile_in(folder).map_err(|e| io(path, &e))?;
    let handle = file.as_file().try_clone().map_err(|e| io(path, &e))?;
    let mut out = Out::over(Box::new(handle), path);
    let count = write(&mut out)?;
    out.end()?;
    std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .map_err(|e| io(path, &e))?;
    file.persist(path).map_err(|e| io(path, &e.error))?;
    Ok(count)
}

fn free(path: &Path, force: bool) -> Result<(), Problem> {
    if force || std::fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let message = format!("{} is there already; --force writes over it", path.display());
    Err(Problem::refused("exists", message))
}

fn io(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Failed, "io_failed", format!("{}: {error}", path.display()))
}

/// Where rows go.
struct Out<'p> {
    to: BufWriter<Box<dyn Write>>,
    path: &'p Path,
}

impl<'p> Out<'p> {
    fn over(to: Box<dyn Write>, path: &'p Path) -> Self {
        Self { to: BufWriter::new(to), path }
    }

    fn line(&mut self, text: &str) -> Result<(), Problem> {
        writeln!(self.to, "{text}").map_err(|e| io(self.path, &e))
    }

    /// A JSON array, a row a line; comes back with how many `each` was given.
    fn array(
        &mut self,
        rows: impl FnOnce(&mut dyn FnMut(&Value) -> Result<(), Problem>) -> Result<(), Problem>,
    ) -> Result<usize, Problem> {
        let mut count = 0;
        self.text("[")?;
        rows(&mut |row| {
            self.text(if count == 0 { "\n" } else { ",\n" })?;
            count += 1;
            self.text(&row.to_string())
        })?;
        self.text("\n]\n")?;
        Ok(count)
    }

    fn text(&mut self, text: &str) -> Result<(), Problem> {
        self.to.write_all(text.as_bytes()).map_err(|e| io(self.path, &e))
    }

    fn end(mut self) -> Result<(), Problem> {
        self.to.flush().map_err(|e| io(self.path, &e))
    }
}
