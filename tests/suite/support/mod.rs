//! A Debrief of its own for each test, and people who use it.

pub mod browser;
pub mod cluster;
pub mod databases;
pub mod plans;
pub mod ports;
pub mod program;
pub mod receiver;
pub mod smtp;
pub mod world;

use debrief::app::App;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::auth::queries::{self, Browser, NewToken, NewUser};
use debrief::auth::sealed::SealKey;
use debrief::clock::{Clock, Moment};
use debrief::config::{BackupPlan, Config};
use debrief::db::{Db, Target};
use debrief::error::Error;
use debrief::mail::MailConfig;

pub use self::browser::Http;
use self::databases::Database;

/// Declares a test that runs on both databases: `both!(async fn name(app: TestApp) { … });`
#[macro_export]
macro_rules! both {
    ($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block) => {
        mod $name {
            #[expect(clippy::allow_attributes, reason = "whether a test uses them differs from one to the next")]
            #[allow(unused_imports, reason = "what the tests around use is at hand inside, needed or not")]
            use super::*;

            async fn run($app: $crate::support::TestApp) $body

            $(#[$meta])*
            #[test]
            fn sqlite() {
                $crate::support::on_sqlite(run);
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                $crate::support::on_postgres(run);
            }
        }
    };
}

/// When every test begins: a Monday afternoon.
pub fn start_of_tests() -> Moment {
    Moment::parse("2026-11-23T14:00:00Z").unwrap()
}

/// An empty Debrief on a database of its own, with a clock that the test moves.
#[derive(Clone)]
pub struct TestApp {
    pub app: App,
}

impl TestApp {
    fn new(target: &Target) -> Self {
        Self::on(target, Clock::fixed(start_of_tests()))
    }

    /// One on this database, with this clock.
    pub fn on(target: &Target, clock: Clock) -> Self {
        let config = Config {
            target: target.clone(),
            bind: "127.0.0.1:0".parse().unwrap(),
            base_url: "http://debrief.test".to_owned(),
            trusted_proxies: Vec::new(),
            outbound_allow: vec!["127.0.0.0/8".parse().unwrap()],
            mail: None,
            backups: None,
            secret_key: Some(SealKey::parse(&"07".repeat(32)).unwrap()),
        };
        let db = Db::open(target).unwrap();
        TestApp { app: App::new(db, clock, config) }
    }

    /// A second node on the same database.
    pub fn second_node(&self) -> Self {
        let db = Db::open(self.app.db.target()).unwrap();
        TestApp { app: App::new(db, self.app.clock.clone(), (*self.app.config).clone()) }
    }

    /// The same Debrief that takes backups; nodes that join it later do, too.
    pub fn with_backups(&self, plan: BackupPlan) -> Self {
        let mut config = (*self.app.config).clone();
        config.backups = Some(plan);
        TestApp { app: App::new(self.app.db.clone(), self.app.clock.clone(), config) }
    }

    /// The same Debrief with a mail server; nodes that join it later have it, too.
    pub fn with_mail(&self, mail: MailConfig) -> Self {
        let mut config = (*self.app.config).clone();
        config.mail = Some(mail);
        TestApp { app: App::new(self.app.db.clone(), self.app.clock.clone(), config) }
    }

    /// The same Debrief with other settings.
    pub fn with_config(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = (*self.app.config).clone();
        change(&mut config);
        TestApp { app: App::new(self.app.db.clone(), self.app.clock.clone(), config) }
    }

    pub fn now(&self) -> Moment {
        self.app.clock.now()
    }

    /// Runs a query and gives what it finds.
    pub fn read<T>(&self, work: impl FnOnce(&mut debrief::db::Conn) -> Result<T, Error>) -> T {
        self.app.db.read_blocking(work).unwrap()
    }

    /// Changes something past the pages.
    pub fn write<T>(&self, work: impl FnMut(&mut debrief::db::Conn) -> Result<T, Error>) -> T {
        self.app.db.write_blocking(work).unwrap()
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Http {
        Http::new(self.clone())
    }

    /// Adds a person.
    pub fn user(&self, name: &str, role: Role) -> i64 {
        let new = NewUser {
            email: format!("{}@example.org", name.to_lowercase()),
            name: name.to_owned(),
            role,
            password_hash: None,
            zone: "UTC".to_owned(),
        };
        let now = self.now();
        self.write(|c| queries::add_user(c, &Actor::program("test"), &new, now))
    }

    /// A browser in which a new person with this role is signed in.
    pub fn signed_in(&self, name: &str, role: Role) -> Http {
        let id = self.user(name, role);
        self.session_of(id)
    }

    /// A browser in which an existing person is signed in.
    pub fn session_of(&self, user_id: i64) -> Http {
        let browser = Browser { user_agent: "test".to_owned(), address: "127.0.0.1".to_owned() };
        let now = self.now();
        let token = self.write(|c| queries::open_session(c, user_id, &browser, now));
        let mut http = self.anonymous();
        http.cookies.insert(self.app.config.session_cookie().to_owned(), token);
        http
    }

    /// Ada, a member who is signed in; the usual actor of a test.
    pub fn ada(&self) -> Http {
        self.signed_in("Ada", Role::Member)
    }

    /// A program with a token of a new member.
    pub fn program(&self, scope: Scope) -> Http {
        let id = self.user(&format!("Robot-{scope}"), Role::Member);
        let new = NewToken { user_id: id, name: format!("{scope} token"), scope, expires_at: None };
        let now = self.now();
        let token = self.write(|c| queries::add_token(c, &Actor::program("test"), &new, now));
        let mut http = self.anonymous();
        http.bearer = Some(token);
        http
    }

    /// Works the queue off, as the server's worker does; says how many jobs there were.
    pub async fn work_queue(&self) -> usize {
        let mut count = 0;
        while debrief::jobs::worker::work_one(&self.app, debrief::server::JOBS).await.unwrap() {
            count += 1;
        }
        count
    }
}

pub fn on_sqlite<F: Future<Output = ()>>(run: impl FnOnce(TestApp) -> F) {
    on(Database::sqlite(), run);
}

pub fn on_postgres<F: Future<Output = ()>>(run: impl FnOnce(TestApp) -> F) {
    match Database::postgres() {
        Some(database) => on(database, run),
        None => println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it"),
    }
}

fn on<F: Future<Output = ()>>(database: Database, run: impl FnOnce(TestApp) -> F) {
    let app = TestApp::new(database.target());
    actix_web::rt::System::new().block_on(async move {
        run(app).await;
    });
    drop(database);
}

/// Where the real samples are, or nothing (said aloud) when this machine has none.
pub fn samples() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("DEBRIEF_SAMPLES").map(std::path::PathBuf::from);
    if folder.is_none() {
        println!("skipped: DEBRIEF_SAMPLES is unset");
    }
    folder
}
