//! The lists of the API: what belongs to a record is read for a whole page of them at once.

use debrief::auth::model::Scope;

use crate::both;
use crate::support::TestApp;

both!(
    async fn a_record_is_the_same_in_its_list_as_alone(app: TestApp) {
        debrief::demo::welcome(&app.app.db, 7, app.now()).unwrap();
        let mut program = app.program(Scope::Read);
        for (list, name, parts) in [
            ("incidents", "key", &["services", "tags", "deploys"][..]),
            ("deploys", "key", &["people", "pull_requests", "undoes", "undone_by", "checklist_open_count"][..]),
            ("action-items", "key", &["evidence", "due_rule"][..]),
            ("signals", "id", &["incidents"][..]),
            ("services", "slug", &["team", "links", "depends_on"][..]),
        ] {
            let answer = program.get(&format!("/api/v1/{list}")).await.json();
            let items = answer["items"].as_array().unwrap();
            for item in items {
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
