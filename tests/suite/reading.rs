//! What there is to read, what is alike, and the reader's own mark.

use crate::both;
use crate::reviews::written;

both!(
    async fn published_postmortems_are_read_and_found_again(app: TestApp) {
        written(&app, "Card payments fail: pool ran dry", "## What\n\nThe pool.\n");
        written(&app, "Ferry payments wait for the pool", "## What\n\nThe pool again.\n");
        let mut ada = app.ada();
        for key in ["INC-1", "INC-2"] {
            ada.post(&format!("/incidents/{key}/postmortem/publication"), &[]).await;
        }
        for key in ["INC-1", "INC-2"] {
            ada.post(&format!("/incidents/{key}/factors"), &[("name", "Pool without an alarm")]).await;
        }
        let list = ada.get("/reading").await;
        assert_eq!(list.all("tbody th"), ["INC-2", "INC-1"]);
        assert_eq!(ada.get("/reading?team=nobody").await.all("tbody th"), Vec::<String>::new());

        let page = ada.get("/incidents/INC-1/postmortem").await;
        assert_eq!(page.all("#similar .key"), ["INC-2"]);
        let why = page.one("#similar .why");
        assert!(why.contains("same factor: Pool without an alarm") && why.contains("payments"), "{why}");
        assert!(!page.one("#readers").contains("Ada"));

        let marked = ada.post_and_follow("/incidents/INC-1/postmortem/readers", &[]).await;
        assert!(marked.one("#readers").contains("Ada"));
        ada.post("/incidents/INC-1/postmortem/readers", &[]).await;
        let unmarked = ada.post_and_follow("/incidents/INC-1/postmortem/readers/removal", &[]).await;
        assert!(!unmarked.one("#readers").contains("Ada"));
        assert!(ada.get("/").await.text().contains("This month's pick"));
    }
);

both!(
    async fn a_rare_word_of_the_title_is_enough_to_be_alike(app: TestApp) {
        written(&app, "Lighthouse goes dark", "## What\n\nThe lamp.\n");
        written(&app, "Ferry payments wait", "## What\n\nThe pool.\n");
        written(&app, "Nobody sees the lighthouse", "## What\n\nThe lamp again.\n");
        let page = app.ada().get("/incidents/INC-3/postmortem").await;
        assert_eq!(page.all("#similar .key"), ["INC-1"]);
    }
);

both!(
    async fn a_timeline_is_read_as_it_was_known(app: TestApp) {
        let incident = written(&app, "Pool", "## What\n\nThe pool.\n");
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/events", &[("text", "13:30 first errors, says Ada")]).await;
        app.app.clock.advance_s(3600);
        ada.post("/incidents/INC-1/events", &[("text", "13:40 the disk had been full")]).await;
        let all = ada.get("/incidents/INC-1").await.text();
        assert!(all.contains("first errors") && all.contains("the disk had been full"));
        let then = ada.get("/incidents/INC-1?until=14:10").await.text();
        assert!(then.contains("first errors") && !then.contains("the disk had been full"), "{then}");
        assert!(then.contains("1 event of that time was written down later and is hidden."));
        assert!(ada.get("/incidents/INC-1?until=whenever").await.text().contains("Give the minute as"));
        let roles = ada.get("/incidents/INC-1?people=roles").await;
        assert!(roles.one("#timeline").contains("says an engineer"));
        assert!(!roles.one("#timeline .tl").contains("Ada"));
        assert_eq!(incident.number, 1);
    }
);
