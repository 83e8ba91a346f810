//! Teams: who belongs to them and what they hold.

use debrief::action_items::model::ActionDraft;
use debrief::auth::actor::Actor;
use debrief::auth::model::Role;
use debrief::teams::queries;

use crate::both;

both!(
    async fn a_team_is_founded_joined_and_left(app: TestApp) {
        let mut ada = app.ada();
        let mut bob = app.signed_in("Bob", Role::Member);
        assert_eq!(ada.post("/teams", &[("name", " ")]).await.status, 422);
        let page = ada.post_and_follow("/teams", &[("name", "Payments")]).await;
        assert_eq!(page.one("h1"), "Payments");
        assert!(page.one("#members").contains("Ada"));
        let again = bob.post("/teams", &[("name", "payments")]).await;
        assert_eq!((again.status.as_u16(), again.typed("name").as_str()), (422, "payments"));

        assert_eq!(bob.post("/teams/payments/members", &[("member", "bob")]).await.status, 403);
        assert!(bob.get("/teams/payments").await.attribute("#members form", "action").is_none());
        let unknown = ada.post("/teams/payments/members", &[("member", "zed")]).await;
        assert!(unknown.one("#f-member-error").contains("Nobody here is called zed"));
        let joined = ada.post_and_follow("/teams/payments/members", &[("member", "@Bob")]).await;
        assert!(joined.one("#members").contains("Bob"));
        let twice = ada.post("/teams/payments/members", &[("member", "bob@example.org")]).await;
        assert_eq!(twice.status, 303);

        let ada_id = app.read(|c| queries::members(c, 1)).first().unwrap().id;
        let left = bob.post_and_follow(&format!("/teams/payments/members/{ada_id}/removal"), &[]).await;
        assert!(!left.one("#members").contains("Ada"));
        assert_eq!(bob.post(&format!("/teams/payments/members/{ada_id}/removal"), &[]).await.status, 404);
        assert_eq!(ada.post("/teams/payments/members", &[("member", "ada")]).await.status, 403, "no longer in it");
        let mut root = app.signed_in("Root", Role::Admin);
        assert_eq!(root.post("/teams/payments/members", &[("member", "ada")]).await.status, 303);
        assert_eq!(ada.get("/teams/nowhere").await.status, 404);
        let log = app.read(|c| debrief::auth::audit::list(c, Some("team payments"), Default::default()));
        let actions: Vec<&str> = log.rows.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["team.join", "team.leave", "team.join", "team.join", "team.add"]);
    }
);

both!(
    async fn a_team_page_shows_what_it_holds(app: TestApp) {
        let mut ada = app.ada();
        ada.post("/teams", &[("name", "Payments")]).await;
        ada.post("/services", &[("name", "Checkout"), ("tier", "1"), ("team", "payments")]).await;
        let draft = ActionDraft { team: Some("payments".to_owned()), ..ActionDraft::titled("Watch the pool") };
        let now = app.now();
        app.write(|c| debrief::action_items::queries::add(c, &Actor::program("test"), &draft, now));
        let page = ada.get("/teams/payments").await;
        assert!(page.one("#items").contains("ACT-1"));
        assert!(page.one("#services").contains("Checkout"));
        let list = ada.get("/teams").await;
        assert_eq!(list.all("tbody td"), ["1", "1", "1"]);
        let mut viewer = app.signed_in("Vera", Role::Viewer);
        assert_eq!(viewer.get("/teams").await.status, 200);
        assert_eq!(viewer.post("/teams", &[("name", "X")]).await.status, 403);
    }
);
