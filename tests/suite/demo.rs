//! The demo's year in a database, and the command that serves it.

use debrief::auth::queries::{add_sign_in_link, by_email_or_handle};
use debrief::db::schema;
use debrief::demo::{self, World};
use diesel::prelude::*;

use crate::both;
use crate::support::TestApp;
use crate::support::program::{Folder, Server, debrief, run};

/// How many rows each table must hold, by the world's own count.
fn wanted(world: &World) -> Vec<(&'static str, usize)> {
    let incidents = &world.incidents;
    vec![
        ("teams", world.teams.len()),
        ("users", world.people.len()),
        ("services", world.services.len()),
        ("deploys", world.deploys.len()),
        // The deployer is the last of each trail.
        ("deploy_people", world.deploys.iter().map(|deploy| deploy.trail.len() + 1).sum()),
        ("deploy_references", world.deploys.iter().map(|deploy| deploy.references.len()).sum()),
        ("incidents", incidents.len()),
        ("links", incidents.iter().map(|incident| incident.links.len()).sum()),
        ("verdicts", incidents.iter().flat_map(|incident| &incident.links).map(|link| link.verdicts.len()).sum()),
        ("events", incidents.iter().map(|incident| incident.timeline.len()).sum()),
        ("corrections", incidents.iter().map(|incident| incident.corrections.len()).sum()),
        ("postmortems", world.postmortems.len()),
        ("revisions", world.postmortems.iter().map(|postmortem| postmortem.revisions.len()).sum()),
        ("factors", world.factors.len()),
        ("action items", world.action_items.len()),
        ("changes", world.action_items.iter().map(|item| item.changes.len()).sum()),
    ]
}

fn found(app: &TestApp) -> Vec<(&'static str, usize)> {
    macro_rules! rows {
        ($c:ident, $($name:literal => $table:ident),+ $(,)?) => {
            vec![$(($name, usize::try_from(schema::$table::table.count().get_result::<i64>($c)?).unwrap())),+]
        };
    }
    app.read(|c| {
        // Loading counts delays and notes what blocks; the year itself does not.
        let told = schema::action_item_changes::table
            .filter(schema::action_item_changes::field.ne_all(["put_off", "blocked"]))
            .count()
            .get_result::<i64>(c)?;
        let mut found = rows!(c,
            "teams" => teams, "users" => users, "services" => services, "deploys" => deploys,
            "deploy_people" => deploy_people, "deploy_references" => deploy_references, "incidents" => incidents,
            "links" => incident_deploys, "verdicts" => incident_deploy_verdicts, "events" => timeline_events,
            "corrections" => time_corrections, "postmortems" => postmortems, "revisions" => postmortem_revisions,
            "factors" => contributing_factors, "action items" => action_items,
        );
        found.push(("changes", usize::try_from(told).unwrap()));
        Ok(found)
    })
}

both!(
    async fn the_year_is_whole_in_the_database_and_ada_reads_it(app: TestApp) {
        let world = World::generate(7, app.now().utc());
        let began = std::time::Instant::now();
        app.write(|c| demo::load(c, &world));
        println!("loaded in {:?}", began.elapsed());
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
        assert_eq!(found(&app), wanted(&world));

        let until = app.now().plus_s(60);
        let token = app.write(|c| {
            let ada = by_email_or_handle(c, world.signed_in)?.unwrap();
            add_sign_in_link(c, ada.id, until)
        });
        let mut ada = app.anonymous();
        assert_eq!(ada.get(&format!("/sign-in/{token}")).await.status, 303);
        let written = world.postmortems.iter().find(|postmortem| postmortem.status == "published").unwrap();
        let linked = world.incidents.iter().flat_map(|incident| &incident.links).next().unwrap();
        let mut paths: Vec<String> =
            ["/", "/incidents", "/deploys", "/postmortems"].into_iter().map(str::to_owned).collect();
        paths.extend(world.incidents.iter().map(|incident| format!("/incidents/INC-{}", incident.number)));
        paths.push(format!("/incidents/INC-{}/postmortem", written.incident));
        paths.push(format!("/deploys/DEP-{}", linked.deploy));
        for path in paths {
            let answer = ada.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }

        // The next numbers go on after the demo's.
        let next = app.write(|c| debrief::db::counters::next(c, "incident"));
        assert_eq!(next, world.incidents.last().unwrap().number + 1);
    }
);

both!(
    async fn a_filled_demo_is_used_again_as_it_is(app: TestApp) {
        let first = demo::welcome(&app.app.db, 7, app.now()).unwrap();
        assert!(first.password.is_some_and(|password| password.len() >= 12));
        let rows = found(&app);
        let again = demo::welcome(&app.app.db, 8, app.now()).unwrap();
        assert_eq!((again.password, again.seed.as_str()), (None, "7"));
        assert_ne!(first.token, again.token);
        assert_eq!(found(&app), rows);
    }
);

#[test]
fn the_command_serves_the_demo_and_spares_other_databases() {
    let folder = Folder::new();
    let server = Server::start(debrief(&folder.file("demo.db")).arg("demo"));
    let link = server.next_line();
    let link = link.split_whitespace().find(|word| word.contains("/sign-in/")).unwrap();
    assert!(link.starts_with(&server.base_url), "{link}");
    assert!(server.next_line().contains("or sign in as ada@"));
    assert_eq!(ureq::get(link).call().unwrap().status(), 200);
    assert_eq!(server.stop(), 0);

    let real = folder.file("real.db");
    assert_eq!(run(debrief(&real).args(["user", "add", "eve@example.org", "--name", "Eve"])).0, 0);
    let (code, said, told) = run(debrief(&real).arg("demo"));
    assert_eq!((code, said.as_str()), (1, ""));
    assert!(told.contains("no demo"), "{told}");
}
