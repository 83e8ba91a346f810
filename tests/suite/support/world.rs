//! One of everything, made by the people who would make it, and found under its real address: for tests that knock
//! on every door.

use std::collections::BTreeMap;

use actix_web::http::Method;
use debrief::auth::model::{Role, Scope};
use debrief::db::tables::TABLES;
use debrief::routes::Entry;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{Http, TestApp};

/// Stands in every text of the world: who is not let in must not read it.
pub const MARK: &str = "Zinnober";

/// Who is there. Max made everything, and is in the team it belongs to; Otto is in another.
pub struct World {
    pub app: TestApp,
    pub admin: i64,
    pub max: i64,
    pub otto: i64,
    pub vera: i64,
    /// In Max's team; whom routes that remove people meet.
    pub paula: i64,
    /// Max's program, with the right to write.
    pub robot: Http,
    /// Secret addresses that were handed out: a calendar, a public version.
    pub feed: String,
    pub public: String,
    names: BTreeMap<&'static str, String>,
}

#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// A form that must be taken; gives the page that it ends on.
async fn fill(http: &mut Http, path: &str, fields: &[(&str, &str)]) -> super::browser::Answer {
    let answer = http.post(path, fields).await;
    let status = answer.status.as_u16();
    assert!(status < 400, "{path}: {status} {}", answer.one("main"));
    answer
}

async fn of_the_work(max: &mut Http) {
    for (path, fields) in [
        ("/teams", &[("name", "Payments")][..]),
        ("/services", &[("name", "Checkout"), ("tier", "1"), ("team", "payments"), ("description", MARK)]),
        (
            "/services/checkout/release",
            &[
                ("checklist", "- [ ] Zinnober ran\n"),
                ("checklist_environment", "production"),
                ("bindingness", "advice"),
            ],
        ),
        (
            "/deploys",
            &[
                ("service", "checkout"),
                ("version", "Zinnober-1"),
                ("status", "succeeded"),
                ("environment", "production"),
                ("summary", MARK),
            ],
        ),
        ("/deploys/DEP-1/people", &[("name", MARK), ("part", "author")]),
        (
            "/incidents",
            &[
                ("title", "Zinnober 502"),
                ("severity", "SEV1"),
                ("kind", "incident"),
                ("services", "checkout"),
                ("summary", MARK),
                ("tags", "zinnober"),
            ],
        ),
        ("/incidents/INC-1/deploys", &[("deploy", "DEP-1"), ("relation", "suspected"), ("reason", MARK)]),
        ("/incidents/INC-1/events", &[("text", MARK), ("kind", "note")]),
        ("/incidents/INC-1/impact", &[("label", MARK), ("amount", "12"), ("unit", "orders"), ("basis", "measured")]),
        ("/incidents/INC-1/updates", &[("update", MARK)]),
        ("/incidents/INC-1/roles", &[("role", "lead"), ("user", "2")]),
        ("/incidents/INC-1/factors", &[("name", "Zinnober pool"), ("note", MARK)]),
        (
            "/action-items",
            &[("title", "Zinnober first"), ("team", "payments"), ("owner", "max"), ("incident", "INC-1")],
        ),
        ("/action-items", &[("title", "Zinnober second"), ("team", "payments"), ("owner", "max")]),
        ("/saved-views", &[("view_name", MARK), ("query", "view=open"), ("view", "open"), ("view_team", "payments")]),
        ("/incidents/INC-1/postmortem", &[]),
        (
            "/incidents/INC-1/postmortem/revisions",
            &[("markdown", "# Zinnober\n\nThe pool was full.\n"), ("base_revision", "1")],
        ),
        (
            "/incidents/INC-1/postmortem/drafts",
            &[("markdown", "# Zinnober\n\nHalf a draft.\n"), ("base_revision", "2")],
        ),
        ("/incidents/INC-1/postmortem/review/comments", &[("quote", "The pool was full."), ("text", MARK)]),
        ("/incidents/INC-1/postmortem/public", &[("title", MARK), ("markdown", "Zinnober is well.\n")]),
        ("/retros", &[("team", "payments")]),
        ("/retros/1/cards/phase", &[("phase", "writing")]),
        ("/retros/1/cards", &[("mood", "went_badly"), ("text", MARK)]),
        ("/retros/1/notes", &[("base", "0"), ("notes", MARK)]),
        (
            "/teams/payments/retro-series",
            &[("every_weeks", "2"), ("weekday", "2"), ("at", "14:30"), ("zone", "Europe/Berlin")],
        ),
        (
            "/teams/payments/channels",
            &[("flavour", "slack"), ("name", MARK), ("url", "http://127.0.0.1:9/x"), ("kinds", "incident_declared")],
        ),
        ("/settings/tokens", &[("token_name", MARK), ("scope", "write"), ("days", "30")]),
    ] {
        fill(max, path, fields).await;
    }
}

async fn of_the_admin(admin: &mut Http) {
    for (path, fields) in [
        ("/admin/sources", &[("name", "Zinnober source"), ("sender", "other")][..]),
        ("/admin/rules", &[("workflow", MARK), ("decision", "map"), ("to_service", "checkout"), ("step", "save")]),
        (
            "/admin/signal-rules",
            &[("label_name", "team"), ("label_value", MARK), ("outcome", "declare"), ("incident_severity", "SEV3")],
        ),
        ("/admin/freezes", &[("reason", MARK), ("starts_at", "2026-11-23T15:00"), ("ends_at", "2026-11-23T18:00")]),
        ("/admin/webhooks", &[("name", MARK), ("url", "http://127.0.0.1:9/x"), ("kinds", "incident_declared")]),
        ("/admin/postmortem-templates", &[("name", "Zinnober"), ("markdown", "# Zinnober\n")]),
        ("/admin/postmortem-templates/rules", &[("severity", "SEV4"), ("template", "zinnober")]),
        (
            "/admin/trackers",
            &[
                ("name", "Zinnober"),
                ("kind", "github"),
                ("base_url", "http://127.0.0.1:9"),
                ("project", "acme/ops"),
                ("token", "s3cret-of-the-tracker"),
            ],
        ),
    ] {
        fill(admin, path, fields).await;
    }
}

impl World {
    pub async fn new(app: TestApp) -> Self {
        let (admin, max) = (app.user("Alma", Role::Admin), app.user("Max", Role::Member));
        let (otto, vera) = (app.user("Otto", Role::Member), app.user("Vera", Role::Viewer));
        let paula = app.user("Paula", Role::Member);
        let mut browsers = (app.session_of(admin), app.session_of(max), app.session_of(otto));
        of_the_work(&mut browsers.1).await;
        fill(&mut browsers.1, "/teams/payments/members", &[("member", "paula")]).await;
        fill(&mut browsers.2, "/teams", &[("name", "Search")]).await;
        of_the_admin(&mut browsers.0).await;
        let asked = [("reviewer", &*admin.to_string())];
        fill(&mut browsers.1, "/incidents/INC-1/postmortem/review/requests", &asked).await;
        fill(&mut browsers.1, "/incidents/INC-1/postmortem/publication", &[]).await;
        let shared = fill(&mut browsers.1, "/incidents/INC-1/postmortem/public/sharing", &[("confirm", "on")]).await;
        let page = browsers.1.get(shared.header("location").unwrap()).await;
        let public = page.one("#sharing a").replace("http://debrief.test", "");
        let feed = fill(&mut browsers.1, "/settings/feeds", &[("kind", "calendar")]).await.one("code.key");
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        let stored = browsers.1.send(Method::POST, "/incidents/INC-1/attachments", "image/png", png).await;
        let picture = stored.json()["href"].as_str().unwrap().replace("/attachments/", "");
        let mut robot = app.program(Scope::Write);
        robot.post("/api/v1/services", &[]).await;
        deliver(&app).await;
        let feed = feed.replace("http://debrief.test", "");
        let mut names = BTreeMap::from([("picture", picture)]);
        for (name, table) in [
            ("event", "timeline_events"),
            ("figure", "impact_figures"),
            ("person", "deploy_people"),
            ("tick", "checklist_items"),
            ("request", "review_requests"),
            ("comment", "review_comments"),
            ("entry", "retro_entries"),
            ("card", "retro_cards"),
            ("series", "retro_series"),
            ("channel", "chat_channels"),
            ("view", "saved_views"),
            ("source", "sources"),
            ("delivery", "deliveries"),
            ("rule", "hook_rules"),
            ("signal rule", "signal_rules"),
            ("signal", "signals"),
            ("freeze", "freeze_windows"),
            ("webhook", "webhooks"),
            ("message", "messages"),
            ("template rule", "postmortem_template_rules"),
            ("feed", "feeds"),
            ("token", "api_tokens"),
            ("job", "jobs"),
            ("mark", "deploy_marks"),
        ] {
            let found = app.read(|c| {
                Ok(diesel::sql_query(format!("SELECT id FROM {table} ORDER BY id DESC LIMIT 1"))
                    .get_result::<Id>(c)
                    .optional()?)
            });
            names.insert(name, found.map_or_else(|| "1".to_owned(), |row| row.id.to_string()));
        }
        World { app, admin, max, otto, vera, paula, robot, feed, public, names }
    }

    /// The address of a line of the table, with what is really there in each placeholder.
    pub fn path_of(&self, entry: &Entry) -> String {
        let pattern = entry.path;
        if let Some(known) = match pattern {
            "/feeds/{token}" => Some(self.feed.clone()),
            "/p/{token}" => Some(self.public.clone()),
            "/attachments/{name}" => Some(format!("/attachments/{}", self.names["picture"])),
            "/" => Some("/".to_owned()),
            _ => None,
        } {
            return known;
        }
        let mut path = String::new();
        for part in pattern.split('/').skip(1) {
            path.push('/');
            let place = part.split('.').next().unwrap_or_default();
            path.push_str(&part.replacen(place, &self.named(pattern, place), 1));
        }
        path
    }

    fn named(&self, pattern: &str, place: &str) -> String {
        let id = |name: &str| self.names[name].clone();
        match place {
            place if !place.starts_with('{') => place.to_owned(),
            "{key}" if pattern.contains("/incidents/{key}") => "INC-1".to_owned(),
            "{key}" if pattern.contains("/deploys/{key}") => "DEP-1".to_owned(),
            "{key}" => "ACT-1".to_owned(),
            "{deploy}" => "DEP-1".to_owned(),
            "{incident}" => "INC-1".to_owned(),
            "{number}" => "1".to_owned(),
            "{entry}" => id("entry"),
            "{card}" => id("card"),
            "{sender}" => "other".to_owned(),
            "{slug}" if pattern.starts_with("/teams") => "payments".to_owned(),
            "{slug}" if pattern.starts_with("/factors") || pattern.contains("/factors/") => "zinnober-pool".to_owned(),
            "{slug}" if pattern.contains("/services/") => "checkout".to_owned(),
            "{slug}" if pattern.contains("sources") || pattern.starts_with("/hooks/{") => "zinnober-source".to_owned(),
            "{slug}" => "zinnober".to_owned(),
            "{kind}" => "incident_declared".to_owned(),
            "{id}" => match pattern {
                path if path.contains("/people/{id}") && path.contains("/deploys/") => id("person"),
                path if path.contains("/members/{id}") || path.contains("/people/{id}") => self.paula.to_string(),
                path if path.contains("/events/") => id("event"),
                path if path.contains("/impact/") => id("figure"),
                path if path.contains("/checklist/") => id("tick"),
                path if path.contains("/marks/") => id("mark"),
                path if path.contains("/requests/") => id("request"),
                path if path.contains("/comments/") => id("comment"),
                path if path.contains("/retro-series/") => id("series"),
                path if path.contains("/channels/") => id("channel"),
                path if path.contains("/saved-views/") => id("view"),
                path if path.contains("/deliveries/") => id("delivery"),
                path if path.contains("-templates/") => id("template rule"),
                path if path.contains("/signal-rules/") => id("signal rule"),
                path if path.contains("/rules/") => id("rule"),
                path if path.contains("/freezes/") => id("freeze"),
                path if path.contains("/webhooks/") => id("webhook"),
                path if path.contains("/messages/") => id("message"),
                path if path.contains("/jobs/") => id("job"),
                path if path.contains("/feeds/") => id("feed"),
                path if path.contains("/tokens/") => id("token"),
                path if path.contains("/signals/") => id("signal"),
                _ => "1".to_owned(),
            },
            _ => "0123456789abcdef".to_owned(),
        }
    }

    /// Every row of every table, to find out what a request changed.
    pub fn rows(&self) -> Vec<String> {
        let file = std::env::temp_dir().join(format!("debrief-rows-{}.db", debrief::auth::secrets::random_hex(8)));
        debrief::db::backup::write(&self.app.app.db, &file).unwrap();
        let mut c = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        let mut all = Vec::new();
        for table in TABLES {
            let columns = diesel::sql_query(format!("SELECT name AS value FROM pragma_table_info('{table}')"));
            let columns: Vec<Cell> = columns.load(&mut c).unwrap();
            // When something was last used is noted, and no change.
            let columns = columns.iter().filter(|one| one.value != "last_used_at");
            let quoted: Vec<_> = columns.map(|one| format!("quote(\"{}\")", one.value)).collect();
            let row = format!("'{table} ' || {}", quoted.join(" || ' ' || "));
            let rows: Vec<Cell> =
                diesel::sql_query(format!("SELECT {row} AS value FROM {table} ORDER BY 1")).load(&mut c).unwrap();
            all.extend(rows.into_iter().map(|row| row.value));
        }
        std::fs::remove_file(file).unwrap();
        all
    }
}

/// A delivery of the source, and the signal that comes of one.
async fn deliver(app: &TestApp) {
    use debrief::auth::actor::Actor;
    use debrief::signals::model::AlertDraft;
    let source = app.read(|c| debrief::hooks::queries::by_slug(c, "zinnober-source"));
    let mut sender = app.anonymous();
    sender.bearer = Some(source.secret.clone());
    let body = format!("{{\"service\":\"checkout\",\"version\":\"{MARK}-2\",\"status\":\"succeeded\"}}");
    let answer = sender.send(Method::POST, &source.hook_path(), "application/json", body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    app.work_queue().await;
    let (draft, now) = (AlertDraft::firing(MARK, MARK), app.now());
    app.write(|c| debrief::signals::queries::heed(c, &Actor::program("Hook"), "other/zinnober", &draft, now));
}
