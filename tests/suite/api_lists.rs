//! The lists of the API: what belongs to a record is read for a whole page of them at once.

use actix_web::http::Method;
use debrief::auth::model::Scope;

use crate::both;

both!(
    async fn a_record_is_the_same_in_its_list_as_alone(app: TestApp) {
        debrief::demo::welcome(&app.app.db, 7, app.now()).unwrap();
        let mut program = app.program(Scope::Write);
        // One whose date a rule moves along.
        let item = serde_json::json!({"title": "Alert on a full queue", "priority": "P2"});
        let added = program.json(Method::POST, "/api/v1/action-items", &item).await.json();
        let path = format!("/api/v1/action-items/{}", added["key"].as_str().unwrap());
        let changed = program.json(Method::PATCH, &path, &serde_json::json!({"priority": "P1"})).await;
        assert!(changed.json()["due_rule"].is_string(), "{}", changed.text());
        for (list, name, parts) in [
            ("incidents", "key", &["services", "tags", "deploys"][..]),
            ("deploys", "key", &["people", "pull_requests", "undoes", "undone_by", "checklist_open_count"][..]),
            ("action-items", "key", &["evidence", "due_rule"][..]),
            ("signals", "id", &["incidents"][..]),
            ("services", "slug", &["team", "links", "depends_on"][..]),
        ] {
            let (mut items, mut address) = (Vec::new(), format!("/api/v1/{list}"));
            loop {
                let page = program.get(&address).await.json();
                items.extend(page["items"].as_array().unwrap().clone());
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                address = format!("/api/v1/{list}?cursor={cursor}");
            }
            for item in items.iter().step_by(7) {
                let name = item[name].to_string();
                let alone = program.get(&format!("/api/v1/{list}/{}", name.trim_matches('"'))).await.json();
                assert_eq!(*item, alone, "{list}/{name}");
            }
            // They can be mixed up: not every record has the same.
            for part in parts {
                let kinds: std::collections::BTreeSet<String> =
                    items.iter().map(|item| item[part].to_string()).collect();
                assert!(kinds.len() > 1, "in the demo {part} of all {list} is {kinds:?}");
            }
        }
    }
);
