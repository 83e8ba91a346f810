//! Two nodes, as processes of their own, on one PostgreSQL.

use debrief::db::Target;
use serde_json::json;

use crate::support::databases::Database;
use crate::support::program::{Server, debrief, run};

#[test]
fn two_nodes_give_out_no_number_twice() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    let Target::Postgres(address) = database.target() else { unreachable!("asked for PostgreSQL") };
    let program = || debrief(std::path::Path::new(address));
    assert_eq!(run(program().args(["user", "add", "ada@example.org", "--name", "Ada"])).0, 0);
    let (code, token, _) = run(program().args(["token", "create", "--user", "ada", "--name", "t", "--scope", "write"]));
    assert_eq!(code, 0);
    let nodes = [Server::start(&mut program()), Server::start(&mut program())];
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (url, bearer) = (nodes[writer % 2].base_url.clone(), format!("Bearer {}", token.trim()));
            std::thread::spawn(move || {
                (0..10)
                    .map(|n| {
                        let mut answer = ureq::post(format!("{url}/api/v1/incidents"))
                            .header("authorization", &bearer)
                            .send_json(json!({"title": format!("Incident {writer}.{n}"), "severity": "SEV3"}))
                            .unwrap();
                        let body: serde_json::Value = answer.body_mut().read_json().unwrap();
                        body["key"].as_str().unwrap().to_owned()
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut numbers: Vec<i64> = writers
        .into_iter()
        .flat_map(|writer| writer.join().unwrap())
        .map(|key| key.strip_prefix("INC-").unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=160).collect::<Vec<_>>());
    for node in nodes {
        assert_eq!(node.stop(), 0);
    }
}
