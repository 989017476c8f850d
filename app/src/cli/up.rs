//! `nexus up`

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::problem::{Kind, Problem};
use engine::run::{Bell, Drain, News, keep_landing};
use engine::site::Site;
use store::Mode;

use super::{Answer, Global};
use crate::dropin::mirror::Mirror;
use crate::here::Here;
use crate::http;
use crate::sealer::Sealer;
use crate::signals::drain_on_interrupt;
use crate::terminal::one_line;

/// Serve the live board and the API, and land what waits
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus up\n  nexus up --port 0     on any free port; the address is printed\n\n\
    It listens on the loopback address unless told otherwise. Ctrl-C ends it.")]
pub struct Args {
    /// The port; 0 is any free one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// The address
    #[arg(long)]
    host: Option<String>,
}

pub fn up(mut global: Global, args: &Args) -> Result<Answer, Problem> {
    global.set.extend(args.port.map(|port| ("http.port", port.to_string())));
    global.set.extend(args.host.clone().map(|host| ("http.host", host)));
    let here = Here::find(&global)?;
    let engine = here.engine(Mode::Loop)?;
    let (drain, bell) = (Arc::new(Drain::default()), Arc::new(Bell::default()));
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::new(tokio::sync::Notify::new());
    {
        let (stop, over, bell, store) = (Arc::clone(&stop), Arc::clone(&over), Arc::clone(&bell), engine.store.clone());
        store.tell_outages(|what| anstream::eprintln!("{}", one_line(what)));
        drain_on_interrupt(&drain, move |_| {
            store.hurry();
            over.store(true, Ordering::SeqCst);
            bell.ring();
            stop.notify_one();
        });
    }
    // A store without its repository is served all the same; there is nothing to land then.
    let site = here.git().ok().map(|git| here.site_over(engine.clone(), git)).transpose()?;
    let lander = match site.clone() {
        Some(site) => {
            site.clean_up()?;
            let (drain, bell, over) = (Arc::clone(&drain), Arc::clone(&bell), Arc::clone(&over));
            let land = move || land(&site, &drain, &bell, &over);
            Some(std::thread::Builder::new().name("nexus-lander".to_owned()).spawn(land).map_err(|e| io(&e))?)
        }
        None => None,
    };
    let sealer = Sealer::start(&here, &engine)?;
    let mirror = here.settings().mirror_dir.clone().map(Mirror::at).or_else(|| Mirror::beside(&here.data));
    let mirror = match mirror {
        Some(mirror) => {
            let (engine, over) = (engine.clone(), Arc::clone(&over));
            let follow = move || mirror.follow(&engine, &over);
            Some(std::thread::Builder::new().name("nexus-mirror".to_owned()).spawn(follow).map_err(|e| io(&e))?)
        }
        None => None,
    };
    let address = (here.settings().http.host, here.settings().http.port).into();
    let json = global.json;
    let ready = move |places: &http::Places<'_>| {
        let url = format!("http://{}", places.address);
        super::answer::print(&if json {
            serde_json::json!({ "url": url, "socket": places.socket }).to_string()
        } else {
            format!("serving {url}")
        });
        if !places.address.ip().is_loopback() {
            anstream::eprintln!(
                "everybody who can reach {} can read and change work here, and agents do what work says; \
                 put something that asks who they are in front",
                places.address
            );
        }
        if let Some(why) = &places.no_socket {
            anstream::eprintln!("not listening on the socket beside the store: {}", one_line(why));
        }
    };
    let serving = http::Serving { model: Some(here.model_means()?), ..here.serving(engine, site) };
    let served = http::serve(serving, address, &stop, ready);
    over.store(true, Ordering::SeqCst);
    bell.ring();
    if let Some(mirror) = mirror {
        mirror.join().map_err(|_| Problem::new(Kind::Failed, "panicked", "the mirror panicked"))?;
    }
    if let Some(lander) = lander {
        lander.join().map_err(|_| Problem::new(Kind::Failed, "panicked", "the lander panicked"))?;
    }
    drop(sealer);
    served?;
    Ok(Answer::silent())
}

/// Lands until `over`, whatever comes in between: a server outlives a bad `nexus.toml`. Each new trouble is said once.
fn land(site: &Site, drain: &Drain, bell: &Bell, over: &AtomicBool) {
    let said = Mutex::new(String::new());
    let say = |what: &str| {
        let mut before = said.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != what {
            anstream::eprintln!("landing will be tried again: {}", one_line(what));
            what.clone_into(&mut before);
        }
    };
    let tell = |news: &News| {
        if let News::Trouble { what } = news {
            say(what);
        }
    };
    while let Err(problem) = keep_landing(site, drain, bell, over, &tell) {
        say(&problem.message);
        if over.load(Ordering::SeqCst) {
            break;
        }
    }
}

fn io(error: &std::io::Error) -> Problem {
    Problem::new(Kind::Failed, "io_failed", error.to_string())
}
