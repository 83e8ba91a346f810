//! Every route with odd values in every name that any form or filter knows: answered, never with a fault.

use actix_web::http::Method;
use debrief::routes::{Access, Entry, TABLE};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{cases, text};
use crate::both;
use crate::support::Http;
use crate::support::world::World;

/// The names of fields in `html`, so that a new form is covered from its first day.
fn names_in(html: &str) -> Vec<String> {
    let page = scraper::Html::parse_document(html);
    let fields = scraper::Selector::parse("input[name], textarea[name], select[name], button[name]").unwrap();
    page.select(&fields).filter_map(|field| field.value().attr("name")).map(str::to_owned).collect()
}

/// Every page as the admin sees it, for the names of its fields.
async fn all_names(world: &World) -> Vec<String> {
    let mut names: Vec<String> =
        ["after", "before", "cursor", "q", "zone", "page", "view", "from", "to", "period", "until"]
            .into_iter()
            .map(str::to_owned)
            .collect();
    let mut admin = world.app.session_of(world.admin);
    for entry in TABLE.iter().filter(|entry| entry.method == "GET" && !entry.path.ends_with("/events")) {
        names.extend(names_in(&admin.get(&world.path_of(entry)).await.text()));
    }
    names.sort();
    names.dedup();
    assert!(names.len() > 100, "{names:?}");
    names
}

fn who_is_served(world: &World, entry: &Entry) -> Http {
    match entry.access {
        Access::ApiRead | Access::ApiWrite | Access::ApiIngest | Access::ApiAny => world.robot.clone(),
        _ => world.app.session_of(world.admin),
    }
}

both!(
    async fn no_field_of_any_form_or_filter_makes_a_fault(app: TestApp) {
        let world = World::new(app.clone()).await;
        let names = all_names(&world).await;
        let pairs = proptest::collection::vec((proptest::sample::select(names), text()), 0..8);
        let mut runner = TestRunner::new(cases(3));
        let rounds = cases(3).cases;
        for entry in TABLE.iter().filter(|entry| !entry.path.ends_with("/events") || entry.method != "GET") {
            // They are about the admin who knocks, or too slow to be asked often.
            if ["/sign-out", "/setup", "/admin/people/{id}/disabling"].contains(&entry.path) {
                continue;
            }
            let mut http = who_is_served(&world, entry);
            for _ in 0..rounds {
                let typed = pairs.new_tree(&mut runner).unwrap().current();
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(&typed);
                let (form, path) = (form.finish(), world.path_of(entry));
                let method: Method = entry.method.parse().unwrap();
                let answer = match method {
                    Method::GET => http.get(&format!("{path}?{}", form.chars().take(4_000).collect::<String>())).await,
                    method if entry.path.starts_with("/api/") => {
                        let body: serde_json::Map<_, _> =
                            typed.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
                        http.json(method, &path, &body.into()).await
                    }
                    method => http.send(method, &path, "application/x-www-form-urlencoded", form).await,
                };
                let status = answer.status.as_u16();
                assert!(status < 500, "{} {path} gave {status} for {typed:?}: {}", entry.method, answer.text());
            }
        }
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn no_part_of_an_address_makes_a_fault(app: TestApp) {
        let mut admin = app.signed_in("Alma", debrief::auth::model::Role::Admin);
        let mut robot = app.program(debrief::auth::model::Scope::Write);
        let mut runner = TestRunner::new(cases(3));
        for entry in TABLE.iter().filter(|entry| entry.path.contains('{')) {
            for _ in 0..cases(3).cases {
                let path: String = entry
                    .path
                    .split('/')
                    .skip(1)
                    .map(|part| match part.find('}') {
                        Some(end) => {
                            let odd: String =
                                text().new_tree(&mut runner).unwrap().current().chars().take(300).collect();
                            let odd: String = form_urlencoded::byte_serialize(odd.as_bytes()).collect();
                            format!("/{}{}", odd.replace('+', "%20"), &part[end + 1..])
                        }
                        None => format!("/{part}"),
                    })
                    .collect();
                let (kind, body, http) = match entry.access {
                    Access::ApiRead | Access::ApiWrite | Access::ApiIngest | Access::ApiAny => {
                        ("application/json", "{}", &mut robot)
                    }
                    _ => ("application/x-www-form-urlencoded", "", &mut admin),
                };
                let method: Method = entry.method.parse().unwrap();
                let answer = match method {
                    Method::GET => http.get(&path).await,
                    method => http.send(method, &path, kind, body).await,
                };
                assert!(answer.status.as_u16() < 500, "{} {path} gave {}", entry.method, answer.status);
            }
        }
    }
);
