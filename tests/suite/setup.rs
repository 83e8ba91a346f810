//! First-run set-up and signing in.

use debrief::auth::queries;
use diesel::prelude::*;

use crate::both;

const PASSWORD: &str = "a lamp over the logbook";

both!(
    async fn the_first_admin_is_made_in_the_browser(app: TestApp) {
        let mut browser = app.anonymous();
        assert_eq!(browser.get("/sign-in").await.header("location"), Some("/setup"));

        let refused = browser.post("/setup", &[("name", "Ada"), ("email", "ada"), ("password", "short")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("name"), "Ada");
        assert!(refused.one("#f-email-error").contains("name@example.org"));
        assert!(refused.one("#f-password-error").contains("12 characters"));

        let form = [("name", "Ada"), ("email", "Ada@Example.org"), ("password", PASSWORD)];
        assert_eq!(browser.post("/setup", &form).await.status, 303);
        assert_eq!(browser.get("/services").await.status, 200);
        let user = app.read(|c| queries::by_email(c, "ada@example.org")).unwrap();
        assert_eq!((user.name.as_str(), user.role.as_str(), user.handle.as_str()), ("Ada", "admin", "ada"));

        assert_eq!(browser.post("/setup", &form).await.status, 409);
        assert_eq!(browser.get("/setup").await.header("location"), Some("/sign-in"));
    }
);

both!(
    async fn set_up_works_once_when_raced(app: TestApp) {
        let attempts = (0..8).map(|n| {
            let mut browser = app.anonymous();
            async move {
                let email = format!("ada{n}@example.org");
                browser
                    .post("/setup", &[("name", "Ada"), ("email", &email), ("password", PASSWORD)])
                    .await
                    .status
                    .as_u16()
            }
        });
        let statuses = futures_util::future::join_all(attempts).await;
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 303 | 409)), "{statuses:?}");
        let count: i64 = app.read(|c| Ok(debrief::db::schema::users::table.count().get_result(c)?));
        assert_eq!(count, 1);
    }
);

both!(
    async fn sign_in_tells_nothing_and_is_limited(app: TestApp) {
        let mut browser = app.anonymous();
        browser.post("/setup", &[("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)]).await;
        let mut stranger = app.anonymous();
        let known = stranger.post("/sign-in", &[("email", "ada@example.org"), ("password", "not the password")]).await;
        let unknown =
            stranger.post("/sign-in", &[("email", "bob@example.org"), ("password", "not the password")]).await;
        assert_eq!((known.status.as_u16(), unknown.status.as_u16()), (422, 422));
        assert_eq!(known.text().replace("ada@", "bob@").len(), unknown.text().len());

        let right = [("email", "ada@example.org"), ("password", PASSWORD), ("next", "//evil.example")];
        let answer = stranger.post("/sign-in", &right).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/")));

        let mut guesser = app.anonymous();
        let wrong = [("email", "ada@example.org"), ("password", "not the password")];
        for _ in 0..9 {
            guesser.post("/sign-in", &wrong).await;
        }
        let limited = guesser.post("/sign-in", &right).await;
        assert_eq!(limited.status, 429);
        assert!(limited.header("retry-after").is_some());
        app.app.clock.advance_s(601);
        assert_eq!(guesser.post("/sign-in", &right).await.status, 303);
    }
);

both!(
    async fn a_cross_site_form_is_refused(app: TestApp) {
        let ada = app.ada();
        let sent =
            ada.with("sec-fetch-site", "cross-site").post("/services", &[("name", "Checkout"), ("tier", "1")]).await;
        assert_eq!(sent.status, 403);
        let sent =
            ada.with("origin", "https://evil.example").post("/services", &[("name", "Checkout"), ("tier", "1")]).await;
        assert_eq!(sent.status, 403);
        let sent =
            ada.with("origin", "http://debrief.test").post("/services", &[("name", "Checkout"), ("tier", "1")]).await;
        assert_eq!(sent.status, 303);
        let sent = ada.with("content-encoding", "gzip").post("/services", &[("name", "Search"), ("tier", "1")]).await;
        assert_eq!(sent.status, 415);
    }
);

both!(
    async fn a_sign_in_link_works_once(app: TestApp) {
        let id = app.user("Ada", debrief::auth::model::Role::Admin);
        let until = app.now().plus_s(60);
        let token = app.write(|c| queries::add_sign_in_link(c, id, until));
        let mut browser = app.anonymous();
        assert_eq!(browser.get(&format!("/sign-in/{token}")).await.status, 303);
        assert_eq!(browser.get("/services").await.status, 200);
        assert_eq!(app.anonymous().get(&format!("/sign-in/{token}")).await.status, 403);
    }
);
