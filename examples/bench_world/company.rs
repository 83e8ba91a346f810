//! People, teams, services, factors, and the keys that the measuring opens doors with.

use debrief::auth::secrets::token_hash;
use debrief::db::Conn;

use crate::chance::Chance;
use crate::plan::{DAY, FACTORS, PEOPLE, Plan, SERVICES, TEAMS};
use crate::row;
use crate::sheet::{Sheet, Value};
use crate::words::{SUBJECTS, capital, full_name, sentences};

/// The cookie, the token and the secret of the set. It holds nothing that is worth keeping.
pub const SESSION: &str = "bench-session";
pub const TOKEN: &str = "bench-token";
pub const SECRET: &str = "bench-secret";
/// The slug of the source whose secret it is.
pub const SOURCE: &str = "bench";

pub fn team_of(service: i64) -> i64 {
    (service - 1) % TEAMS + 1
}

pub fn service_slug(service: i64) -> String {
    format!("service-{service}")
}

pub fn service_name(service: i64) -> String {
    let subject = SUBJECTS[(service as usize - 1) % SUBJECTS.len()].trim_start_matches("the ");
    format!("{} {}", capital(subject), (service - 1) / SUBJECTS.len() as i64 + 1)
}

pub fn add(c: &mut Conn, plan: &Plan) {
    let mut chance = Chance::of(plan.seed, "company");
    let began = plan.began_ms;
    let mut settings = Sheet::keyed("settings", "name, value");
    let set_up_at = debrief::clock::Moment::from_millis(began).to_string();
    row!(settings, c; "set_up_at", &set_up_at);
    settings.send(c);
    let mut teams = Sheet::new("teams", "slug, name, created_at");
    for team in 1..=TEAMS {
        let (slug, name) = (format!("team-{team:02}"), format!("Team {team:02}"));
        row!(teams, c; &slug, &name, began);
    }
    teams.send(c);
    people(c, plan);
    let mut services = Sheet::new(
        "services",
        "slug, name, team_id, tier, description, repository_url, revision, created_at, updated_at",
    );
    let mut links = Sheet::new("service_links", "service_id, kind, label, url");
    let mut needs = Sheet::keyed("service_dependencies", "service_id, depends_on_id");
    for service in 1..=SERVICES {
        let (slug, name) = (service_slug(service), service_name(service));
        let repository = format!("https://git.example.org/example/{slug}");
        let about = sentences(&mut chance, 2);
        let tier = 1 + service % 3;
        row!(services, c; &slug, &name, team_of(service), tier, &about, &repository, 1, began, began);
        for (kind, label) in [("runbook", "Runbook"), ("dashboard", "Dashboard")] {
            let url = format!("https://{kind}.example.org/{slug}");
            row!(links, c; service, kind, label, &url);
        }
    }
    services.send(c);
    for service in 1..=SERVICES {
        for needed in [service * 2, service * 2 + 1] {
            if needed <= SERVICES {
                row!(needs, c; service, needed);
            }
        }
    }
    links.send(c);
    needs.send(c);
    let mut factors = Sheet::new("contributing_factors", "slug, name, description, created_at");
    for factor in 1..=FACTORS {
        let subject = SUBJECTS[(factor as usize - 1) % SUBJECTS.len()].trim_start_matches("the ");
        let (slug, name) = (format!("factor-{factor}"), format!("Weak spot {factor} of {subject}"));
        let about = sentences(&mut chance, 1);
        row!(factors, c; &slug, &name, &about, began);
    }
    factors.send(c);
}

fn people(c: &mut Conn, plan: &Plan) {
    let (began, now) = (plan.began_ms, plan.now_ms);
    let mut users =
        Sheet::new("users", "email, handle, name, role, zone, theme, keys_on, password_hash, disabled_at, created_at");
    let mut members = Sheet::keyed("team_members", "team_id, user_id");
    for person in 1..=PEOPLE {
        let handle = format!("person-{person}");
        let email = format!("{handle}@example.org");
        let name = full_name(person - 1);
        let role = if person <= 3 { "admin" } else { "member" };
        let zone = if person % 2 == 0 { "Europe/Berlin" } else { "UTC" };
        let none = Value::Nothing;
        users.add(
            c,
            &[
                (&email).into(),
                (&handle).into(),
                (&name).into(),
                role.into(),
                zone.into(),
                "system".into(),
                true.into(),
                none,
                Value::Nothing,
                began.into(),
            ],
        );
    }
    users.send(c);
    for person in 1..=PEOPLE {
        row!(members, c; (person - 1) % TEAMS + 1, person);
    }
    members.send(c);
    let for_ever = now + 10 * 365 * DAY;
    let mut sessions =
        Sheet::new("sessions", "token_hash, user_id, user_agent, address, created_at, last_used_at, expires_at");
    let hash = token_hash(SESSION);
    row!(sessions, c; &hash, 1, "bench", "127.0.0.1", now, now, for_ever);
    sessions.send(c);
    let mut tokens = Sheet::new("api_tokens", "user_id, name, scope, token_hash, hint, created_at");
    let hash = token_hash(TOKEN);
    row!(tokens, c; 1, "bench", "write", &hash, "bench", now);
    tokens.send(c);
    let mut sources = Sheet::new("sources", "slug, sender, name, secret, created_by, created_at");
    row!(sources, c; SOURCE, "github", "Bench", SECRET, 1, began);
    row!(sources, c; "alerts", "alertmanager", "Alerts", SECRET, 1, began);
    sources.send(c);
}
