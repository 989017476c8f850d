//! What an agent would be told, and the templates that it is made with.

use clap::Args;
use domain::id::WorkId;
use domain::text::Role;
use engine::agent::Template;
use engine::problem::{Kind, Problem};
use engine::wait;
use engine::work::WorkView;
use serde_json::json;
use store::Mode;

use crate::cli::{Answer, Global, workspace};
use crate::here::Here;
use crate::terminal::{harmless, table};

/// Print what an agent would be told that works on an item, and with which template; starts nothing
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus agent prompt work_1795211860474123456\n  nexus agent prompt work_1795211860474123456 --role QA --json"
)]
pub struct Prompt {
    /// The item
    id: WorkId,
    /// For an agent in this role, as with `nexus run --role`
    #[arg(long)]
    role: Option<Role>,
    /// The branch that it is to land on, as with `nexus run --target`
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
}

/// List the templates of prompts, with their versions: ours, and those in the folder `prompts` beside the store
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus agent templates\n  nexus agent templates --show type-bug\n  nexus agent templates --copy default    # then edit the copy; docs/prompts.md says how"
)]
pub struct Templates {
    /// Print this one
    #[arg(long, value_name = "NAME", conflicts_with = "copy")]
    show: Option<String>,
    /// Write this one into the folder, to be changed; a file that is there stays
    #[arg(long, value_name = "NAME")]
    copy: Option<String>,
}

pub fn prompt(global: &Global, args: &Prompt) -> Result<Answer, Problem> {
    let site = Here::find(global)?.site(Mode::Direct)?;
    let target = workspace::target(&site, args.target.as_ref())?;
    let item = wait(site.engine.show(&args.id))?;
    let item = WorkView { handoff: wait(site.engine.handoff(&args.id))?.map(Box::new), ..item };
    let brief = site.brief(&item, args.role.as_ref().map(Role::as_str), &target, true)?;
    let json = json!({
        "item": item.id, "template": brief.template.name, "file": brief.template.file,
        "version": brief.template.version(), "prompt": brief.text,
    });
    Ok(Answer::new(&json, harmless(brief.text.trim_end())))
}

pub fn templates(global: &Global, args: &Templates) -> Result<Answer, Problem> {
    let folder = Here::find(global)?.data.join("prompts");
    let object = |it: &Template| json!({ "name": it.name, "version": it.version(), "file": it.file });
    let Some(name) = args.show.as_ref().or(args.copy.as_ref()) else {
        let all = Template::all(&folder)?;
        let row =
            |it: &Template| vec![it.name.clone(), it.version(), it.file.clone().unwrap_or_else(|| "ours".to_owned())];
        let text = table(&["name", "version", "from"], all.iter().map(row));
        return Ok(Answer::new(&all.iter().map(object).collect::<Vec<_>>(), text));
    };
    let found = if name.contains('/') { None } else { Template::named(&folder, name)? };
    let found = found.ok_or_else(|| {
        Problem::not_found(format!("there is no template {name:?}; `nexus agent templates` lists them"))
    })?;
    let mut json = object(&found);
    if args.show.is_some() {
        json["text"] = found.text().into();
        return Ok(Answer::new(&json, harmless(found.text().trim_end())));
    }
    let file = folder.join(format!("{name}.md"));
    if found.file.is_some() {
        let message = format!("{} is there already; change it, or remove it first", file.display());
        return Err(Problem::refused("exists", message));
    }
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, found.text()));
    written.map_err(|e| Problem::new(Kind::Failed, "io_failed", format!("{}: {e}", file.display())))?;
    json["file"] = file.to_string_lossy().into();
    Ok(Answer::new(&json, format!("wrote {}; it is used from now on", file.display())))
}
