//! A text for readers outside, and its link.

use debrief::auth::model::Role;

use crate::both;
use crate::reviews::written;

const PUBLIC: &str = "/incidents/INC-1/postmortem/public";

both!(
    async fn a_public_version_is_checked_shared_and_revoked(app: TestApp) {
        app.user("Grace", Role::Member);
        written(&app, "Pool", "## What\n\nGrace restarted `db-1.internal`, see PAY-12.\n<!-- a prompt -->\n");
        let mut ada = app.ada();
        let desk = ada.get(PUBLIC).await;
        let text = desk.typed("markdown");
        assert!(text.contains("An engineer restarted") && !text.contains("prompt"), "{text}");
        assert_eq!(desk.all("#check code"), ["db-1.internal", "PAY-12"]);

        let typed = [("title", "Slow checkout"), ("markdown", text.as_str()), ("base", "0")];
        assert_eq!(ada.post(PUBLIC, &typed).await.status, 303);
        let again = ada.post(PUBLIC, &typed).await;
        assert_eq!((again.status.as_u16(), again.typed("title")), (422, "Slow checkout".to_owned()));
        assert_eq!(ada.post(PUBLIC, &[("title", ""), ("markdown", "")]).await.status, 422);

        assert_eq!(ada.post(&format!("{PUBLIC}/sharing"), &[]).await.status, 422);
        let shared = ada.post_and_follow(&format!("{PUBLIC}/sharing"), &[("confirm", "on")]).await;
        let address = shared.one("#sharing a");
        let path = address.strip_prefix("http://debrief.test").unwrap().to_owned();
        let mut reader = app.anonymous();
        let page = reader.get(&path).await;
        assert_eq!((page.status.as_u16(), page.one("h1")), (200, "Slow checkout".to_owned()));
        assert!(page.text().contains("An engineer restarted"));
        assert!(!page.text().contains("INC-1") && !page.text().contains("<nav"));
        assert_eq!(page.header("x-robots-tag"), Some("noindex, nofollow"));

        // A later save stays inside until it is shared.
        let clean = [("title", "Slow checkout"), ("markdown", "All is well.\n"), ("base", "1")];
        ada.post_and_follow(PUBLIC, &clean).await;
        assert!(reader.get(&path).await.text().contains("An engineer restarted"));
        ada.post_and_follow(&format!("{PUBLIC}/sharing"), &[]).await;
        assert!(reader.get(&path).await.text().contains("All is well."));

        ada.post_and_follow(&format!("{PUBLIC}/revocation"), &[]).await;
        assert_eq!(reader.get(&path).await.status, 404);
        assert_eq!(reader.get("/p/none").await.status, 404);
        let log = app.read(|c| debrief::auth::audit::list(c, Some("INC-1"), Default::default()));
        assert_eq!(log.rows[0].action, "public_version.revoke");
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);
