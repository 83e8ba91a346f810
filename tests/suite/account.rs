//! Settings and administration.

use debrief::auth::audit;
use debrief::auth::model::Role;

use crate::both;

both!(
    async fn settings_keep_what_was_typed_and_change_the_zone(app: TestApp) {
        let mut ada = app.ada();
        let refused =
            ada.post("/settings/profile", &[("name", "Ada L."), ("handle", "a b"), ("zone", "Mars/Base")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!((refused.typed("name").as_str(), refused.typed("zone").as_str()), ("Ada L.", "Mars/Base"));
        assert!(refused.one("#f-zone-error").contains("Europe/Berlin"));
        let form = [("name", "Ada L."), ("handle", "@Ada.L"), ("zone", "europe/berlin"), ("theme", "dark")];
        let page = ada.post_and_follow("/settings/profile", &form).await;
        assert_eq!(page.typed("zone"), "Europe/Berlin");
        assert_eq!(page.attribute("html", "data-theme").as_deref(), Some("dark"));
        assert_eq!(page.attribute("body", "data-keys").as_deref(), Some("off"));
        app.user("Bob", Role::Member);
        let taken = ada.post("/settings/profile", &[("name", "Ada"), ("handle", "bob")]).await;
        assert!(taken.one("#f-handle-error").contains("already"), "{}", taken.text());
    }
);

both!(
    async fn a_new_password_ends_the_other_sessions(app: TestApp) {
        let mut ada = app.anonymous();
        let (old, new) = ("a lamp over the logbook", "another lamp for the desk");
        ada.post("/setup", &[("name", "Ada"), ("email", "ada@example.org"), ("password", old)]).await;
        let mut phone = app.anonymous();
        phone.post("/sign-in", &[("email", "ada@example.org"), ("password", old)]).await;
        assert_eq!(
            phone.get("/settings").await.all("[aria-labelledby=sessions] tbody tr, #sessions tbody tr").len().max(2),
            2
        );
        let wrong = ada.post("/settings/password", &[("old_password", "not it at all"), ("new_password", new)]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.one("#f-old_password-error").contains("not your present password"));
        assert_eq!(ada.post("/settings/password", &[("old_password", old), ("new_password", new)]).await.status, 303);
        assert_eq!(ada.get("/settings").await.status, 200);
        assert_eq!(phone.get("/settings").await.status, 303);
        let mut again = app.anonymous();
        assert_eq!(again.post("/sign-in", &[("email", "ada@example.org"), ("password", old)]).await.status, 422);
        assert_eq!(again.post("/sign-in", &[("email", "ada@example.org"), ("password", new)]).await.status, 303);
    }
);

both!(
    async fn a_token_is_shown_once_and_dies_when_revoked(app: TestApp) {
        let mut ada = app.ada();
        let refused = ada.post("/settings/tokens", &[("token_name", ""), ("days", "0")]).await;
        assert_eq!(refused.status, 422);
        let page = ada.post("/settings/tokens", &[("token_name", "CI"), ("scope", "read"), ("days", "7")]).await;
        let token = page.one(".note code");
        assert!(token.starts_with("dbr_"), "{token}");
        assert!(!ada.get("/settings").await.text().contains(&token));
        let mut program = app.anonymous();
        program.bearer = Some(token);
        assert_eq!(program.get("/api/v1/services").await.status, 200);
        let id: i64 = app.read(|c| {
            use debrief::db::schema::api_tokens;
            use diesel::prelude::*;
            Ok(api_tokens::table.select(api_tokens::id).first(c)?)
        });
        let mut bob = app.signed_in("Bob", Role::Admin);
        assert_eq!(bob.post(&format!("/settings/tokens/{id}/revocation"), &[]).await.status, 404);
        assert_eq!(ada.post(&format!("/settings/tokens/{id}/revocation"), &[]).await.status, 303);
        assert_eq!(program.get("/api/v1/services").await.status, 401);
        let again = ada.post("/settings/tokens", &[("token_name", "CI"), ("scope", "read"), ("days", "7")]).await;
        program.bearer = Some(again.one(".note code"));
        assert_eq!(program.get("/api/v1/services").await.status, 200);
        app.app.clock.advance_s(8 * 86_400);
        assert_eq!(program.get("/api/v1/services").await.status, 401);
    }
);

both!(
    async fn an_admin_adds_a_person_and_shuts_them_out(app: TestApp) {
        let mut ada = app.signed_in("Ada", Role::Admin);
        let refused = ada.post("/admin/people", &[("name", "Bob"), ("email", "bob"), ("role", "king")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("email"), "bob");
        let page =
            ada.post("/admin/people", &[("name", "Bob"), ("email", "bob@example.org"), ("role", "member")]).await;
        let link = page.one(".note code");
        let path = link.strip_prefix("http://debrief.test").unwrap();
        let mut bob = app.anonymous();
        assert_eq!(bob.get(path).await.status, 303);
        assert_eq!(bob.get("/settings").await.status, 200);
        let token = bob.post("/settings/tokens", &[("token_name", "x"), ("scope", "write")]).await.one(".note code");
        let id = app.read(|c| debrief::auth::queries::by_email(c, "bob@example.org")).unwrap().id;
        assert_eq!(ada.post(&format!("/admin/people/{id}/disabling"), &[]).await.status, 303);
        assert_eq!(bob.get("/settings").await.status, 303);
        let mut program = app.anonymous();
        program.bearer = Some(token);
        assert_eq!(program.get("/api/v1/services").await.status, 401);
        let log = app.read(|c| audit::list(c, Some("user bob"), Default::default()));
        assert_eq!(log.rows[0].action, "user.disable");
        let page = ada.get("/admin/audit?subject=user+bob").await;
        assert!(page.all("tbody tr").len() >= 2, "{}", page.text());
        assert_eq!(ada.get("/admin/jobs").await.status, 200);
    }
);

both!(
    async fn the_last_admin_stays_even_when_raced(app: TestApp) {
        let (a, b) = (app.user("Ada", Role::Admin), app.user("Bob", Role::Admin));
        let sent = [(a, b), (b, a)].map(|(who, whom)| {
            let mut browser = app.session_of(who);
            async move { browser.post(&format!("/admin/people/{whom}/disabling"), &[]).await.status.as_u16() }
        });
        let mut statuses = futures_util::future::join_all(sent).await;
        statuses.sort_unstable();
        assert_eq!(statuses[0], 303);
        assert!(matches!(statuses[1], 401 | 403 | 409), "{statuses:?}");
        let admins: i64 = app.read(|c| {
            use debrief::db::schema::users;
            use diesel::prelude::*;
            Ok(users::table.filter(users::disabled_at.is_null()).count().get_result(c)?)
        });
        assert_eq!(admins, 1);
        let last = app.read(|c| {
            use debrief::db::schema::users;
            use diesel::prelude::*;
            Ok(users::table.filter(users::disabled_at.is_null()).select(users::id).first::<i64>(c)?)
        });
        let mut left = app.session_of(last);
        let refused = left.post(&format!("/admin/people/{last}/role"), &[("role", "viewer")]).await;
        assert_eq!(refused.status, 409);
    }
);
