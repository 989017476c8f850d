//! Renewals: a lease in the row of its item, as we keep it, against a lease in a narrow row of its own.
//!
//! The plain side has a table for leases alone, with room in its pages for new versions (`fillfactor 50`), and renews one with
//! one update and one event row in one transaction.

use domain::agent::Filter;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Fence, Held};
use tokio_postgres::Client;

use crate::{Bench, CALLERS, connect, engine, rate};
use bench::time;

impl Bench {
    /// Renewals per second: each of the callers holds an item and renews it `each` times.
    pub fn ours_renewed(&self, each: u64) -> f64 {
        let address = self.schema();
        let engine = engine(&address.parse().expect("an address"));
        self.fill(&engine, CALLERS as u64);
        self.run_sql(&address, "analyze");
        let ttl = Ttl::from_millis(60_000).expect("a time-to-live");
        let holds: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let by: AgentName = format!("agent-{caller:04}").parse().expect("a name");
                let next = engine.next(Filter::default(), by.clone(), ttl, None);
                (by, self.runtime.block_on(next).expect("there are as many as are asked for"))
            })
            .collect();
        let took = time(|| {
            let callers: Vec<_> = holds
                .into_iter()
                .map(|(by, item)| {
                    let engine = engine.clone();
                    self.runtime.spawn(async move {
                        for _ in 0..each {
                            let held = Held { by: by.clone(), fence: Fence::new(item.fence) };
                            let renew = Command::Renew { held, ttl };
                            engine.act(item.id.parse().expect("an id"), renew, None).await.expect("it is held");
                        }
                    })
                })
                .collect();
            for caller in callers {
                self.runtime.block_on(caller).expect("no panic");
            }
        });
        self.check(&address, "select count(*) from event where name = 'work.renewed'", CALLERS as u64 * each);
        drop(engine);
        self.drop_schema(&address);
        rate(CALLERS as u64 * each, took)
    }

    /// The same with leases in a table of their own, one connection per caller.
    pub fn plain_renewed(&self, each: u64) -> f64 {
        let address = self.schema();
        self.run_sql(
            &address,
            &format!(
                "create table lease (id text primary key, holder text not null, fence bigint not null, until_ms bigint not null)
                   with (fillfactor = 50);
                 create table event (seq bigint generated always as identity primary key, at_ms bigint not null,
                   name text not null, subject text not null, agent text, fence bigint, data text not null);
                 create index event_of on event (subject, seq);
                 insert into lease select 'work_' || n, 'agent-' || n, 1, 0 from generate_series(0, {CALLERS} - 1) n;
                 analyze"
            ),
        );
        let connecting = (0..CALLERS).map(|_| connect(&address)).collect();
        let clients: Vec<Client> = self.runtime.block_on(crate::futures(connecting));
        let took = time(|| {
            let callers =
                clients.into_iter().enumerate().map(|(n, client)| self.runtime.spawn(renews(client, n, each)));
            for caller in callers.collect::<Vec<_>>() {
                self.runtime.block_on(caller).expect("no panic");
            }
        });
        self.check(&address, "select count(*) from event", CALLERS as u64 * each);
        self.drop_schema(&address);
        rate(CALLERS as u64 * each, took)
    }
}

async fn renews(mut client: Client, n: usize, each: u64) {
    let now = 1_795_211_860_474_i64;
    let renew = client.prepare("update lease set until_ms = $3 where id = $1 and holder = $2 and fence = 1").await;
    let renew = renew.expect("it is SQL");
    let event = client.prepare(crate::EVENT).await.expect("it is SQL");
    let (id, agent) = (format!("work_{n}"), format!("agent-{n}"));
    for _ in 0..each {
        let tx = client.transaction().await.expect("it begins");
        let renewed = tx.execute(&renew, &[&id, &agent, &(now + 60_000)]).await.expect("it is held");
        assert_eq!(renewed, 1);
        let data = "{\"until_ms\":1795211920474}";
        tx.execute(&event, &[&now, &"work.renewed", &id, &agent, &1_i64, &data]).await.expect("it is logged");
        tx.commit().await.expect("it commits");
    }
}
