//! One round: the commands that wait, in one transaction. What comes to nothing is run again, one by one.

use std::time::Duration;

use super::Session;
use super::link::{Link, number};
use super::session::{Committed, Lost};
use crate::job::Job;
use crate::{StoreError, Tx, failpoint};

/// How often a command is tried before its caller is told that others are in the way.
const TRIES: u32 = 8;
/// Among how many of the last rows of the log those of a lost transaction are looked for.
const RECENT: u32 = 200_000;

/// Runs `jobs`, and answers each.
pub fn round(link: &mut Link, jobs: Vec<Box<dyn Job>>) {
    let mut jobs = jobs;
    if jobs.len() > 1 {
        match once(link, &mut jobs) {
            Ok(()) => return jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(Failed::Again(_)) => {}
            Err(Failed::Final(error)) => return jobs.into_iter().for_each(|job| job.answer(Err(error.clone()))),
        }
    }
    for job in jobs {
        alone(link, job);
    }
}

/// Runs `job` by itself until it is through, or it has been tried often enough.
fn alone(link: &mut Link, job: Box<dyn Job>) {
    let mut job = [job];
    let mut tries = 0;
    let ended = loop {
        tries += 1;
        match once(link, &mut job) {
            Ok(()) => break Ok(()),
            Err(Failed::Again(_)) if tries < TRIES => {
                // Whoever was in the way gets a little time; each waits differently.
                let jitter = u64::from(std::process::id() % 7) + u64::from(tries) * u64::from(tries);
                std::thread::sleep(Duration::from_millis(jitter));
            }
            Err(Failed::Again(error) | Failed::Final(error)) => break Err(error),
        }
    };
    let [job] = job;
    job.answer(ended);
}

enum Failed {
    /// Nothing of it happened, and another try may do better.
    Again(StoreError),
    /// Nothing of it happened, or nobody can tell.
    Final(StoreError),
}

fn once(link: &mut Link, jobs: &mut [Box<dyn Job>]) -> Result<(), Failed> {
    link.connect_in_time().map_err(Failed::Final)?;
    let ended = link.block_on(transact(link.session(), jobs));
    match ended {
        Ok(Committed::Yes) => Ok(()),
        Ok(Committed::No(error)) | Err(error) => Err(worth_another_try(error)),
        Ok(Committed::Unknown(lost)) => {
            link.close();
            happened(link, lost)
        }
    }
}

fn worth_another_try(error: StoreError) -> Failed {
    match error {
        StoreError::Lost(_) | StoreError::Conflict(_) => Failed::Again(error),
        other => Failed::Final(other),
    }
}

/// Runs `jobs` in one transaction. An error says that nothing of it happened.
async fn transact(session: &Session, jobs: &mut [Box<dyn Job>]) -> Result<Committed, StoreError> {
    session.begin();
    let one_of_many = jobs.len() > 1;
    for job in jobs {
        let mark = one_of_many.then(|| session.savepoint("job"));
        let keep = job.run(Tx::postgres(session)).await;
        if let Some(trouble) = session.trouble() {
            let _ = session.rollback().await;
            return Err(trouble);
        }
        match mark {
            Some(mark) => session.release("job", mark, keep),
            None if keep && !session.is_aborted() => {}
            None => return session.rollback().await.map(|()| Committed::Yes),
        }
    }
    failpoint!("store.commit.before");
    let committed = session.commit().await;
    failpoint!("store.commit.after");
    if let Committed::No(_) = committed {
        let _ = session.rollback().await;
    }
    Ok(committed)
}

/// What became of a transaction whose connection was lost at its commit: its rows are in the log, or they never will
/// be once the server's process that had it is gone. (The number of a transaction would not do: after a crash the
/// server gives it to another one.)
fn happened(link: &mut Link, lost: Lost) -> Result<(), Failed> {
    let unknown = || Failed::Final(StoreError::Unknown("at the commit".to_owned()));
    let Some(round) = lost.round else { return Err(unknown()) };
    let left = format!(
        "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
         where pid = {} and application_name = 'nexus' and pid <> pg_backend_pid()) t",
        lost.pid
    );
    let written = format!(
        "select count(*) from (select 1 from event where round = {round}
         and seq > (select coalesce(max(seq), 0) - {RECENT} from event) limit 1) t"
    );
    for _ in 0..100 {
        link.connect_in_time().map_err(|_| unknown())?;
        let asked = link.block_on(async {
            let client = link.session().client();
            Ok(if number(client, &left).await? > 0 { None } else { Some(number(client, &written).await? > 0) })
        });
        match asked {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => return Err(Failed::Again(StoreError::Lost("at the commit".to_owned()))),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(StoreError::Lost(_)) => link.close(),
            Err(_) => return Err(unknown()),
        }
    }
    Err(unknown())
}
