//! The administration's pages: sources with their steps, deliveries with their filters and pages.

use debrief::auth::model::Role;
use debrief::hooks::model::Sender;
use serde_json::json;

use super::{Sent, deliver, fixtures, source_of};
use crate::both;

both!(
    async fn every_sender_can_be_added_and_turns_green(app: TestApp) {
        let mut admin = app.signed_in("Root", Role::Admin);
        for sender in Sender::ALL {
            let made = admin.post("/admin/sources", &[("sender", sender.as_str()), ("name", sender.label())]).await;
            assert_eq!(made.status, 201, "{sender}: {}", made.text());
            let slug = debrief::web::fields::slugify(sender.label());
            let source = app.read(|c| debrief::hooks::queries::by_slug(c, &slug));
            assert!(made.all("code").iter().any(|code| code.contains(&source.secret)), "{sender}");
            let page = admin.get(&source.path()).await;
            assert!(!page.text().contains(&source.secret), "{sender}: shown once");
            assert!(page.text().contains("Waiting for the first delivery"), "{sender}");
            assert!(!page.all("ol li").is_empty(), "{sender}");
            deliver(&app, &source, &Sent::json(&[], &json!({"of": sender}))).await;
            assert_eq!(admin.get(&source.path()).await.one("p.row .pill"), "Delivers", "{sender}");
        }
        app.work_queue().await;
        assert_eq!(admin.get("/admin/sources").await.all("tbody tr").len(), Sender::ALL.len());
    }
);

both!(
    async fn a_senders_own_secret_can_be_put_in(app: TestApp) {
        let source = source_of(&app, Sender::PagerDuty);
        let mut admin = app.signed_in("Root", Role::Admin);
        let path = format!("{}/secret", source.path());
        assert_eq!(admin.post(&path, &[("secret", "short")]).await.status, 422);
        let own = "a-secret-that-pagerduty-made";
        let page = admin.post_and_follow(&path, &[("secret", own), ("old", "goes_on")]).await;
        assert!(!page.text().contains(own));
        assert!(page.text().contains("valid until"));
        let changed = app.read(|c| debrief::hooks::queries::by_slug(c, &source.slug));
        assert_eq!(changed.secret, own);
        deliver(&app, &changed, &Sent::json(&[], &json!({"n": 1}))).await;
        deliver(&app, &source, &Sent::json(&[], &json!({"n": 2}))).await;
    }
);

both!(
    async fn deliveries_are_filtered_paged_and_without_secrets(app: TestApp) {
        let github = source_of(&app, Sender::GitHub);
        let other = source_of(&app, Sender::Other);
        for n in 0..60 {
            let headers = [("x-github-event", "ping"), ("x-github-delivery", &format!("d{n}") as &str)];
            deliver(&app, &github, &Sent::json(&headers, &json!({"n": n}))).await;
        }
        let secret = "do-not-show-me";
        let body = json!({"service": "orders", "api_key": secret, "url": format!("https://x.example/?token={secret}"), "external_id": "1"});
        deliver(&app, &other, &Sent::json(&[("x-custom-token", secret), ("cookie", secret)], &body)).await;
        app.work_queue().await;

        let mut admin = app.signed_in("Root", Role::Admin);
        let first = admin.get("/admin/deliveries").await;
        assert_eq!(first.all("tbody tr").len(), 50);
        let next = first.attribute("a[rel=next]", "href").unwrap();
        let second = admin.get(&next).await;
        assert_eq!(second.all("tbody tr").len(), 11);
        let back = second.attribute("a[rel=prev]", "href").unwrap();
        assert_eq!(admin.get(&back).await.all("tbody th"), first.all("tbody th"));

        for (query, count) in [
            ("verdict=recorded", 1),
            ("sender=other", 1),
            ("source=github&verdict=recorded", 0),
            ("source=nobody", 0),
            ("sender=github&verdict=ignored", 50),
        ] {
            let page = admin.get(&format!("/admin/deliveries?{query}")).await;
            assert_eq!(page.all("tbody tr").len(), count, "{query}");
        }
        let next = admin.get("/admin/deliveries?verdict=ignored").await.attribute("a[rel=next]", "href").unwrap();
        assert!(next.contains("verdict=ignored"), "{next}");
        assert_eq!(admin.get("/admin/deliveries?verdict=party").await.status, 422);
        assert_eq!(admin.get("/admin/deliveries?after=zzz").await.status, 400);

        let page = admin.get("/admin/deliveries?sender=other").await;
        let delivery = admin.get(&page.attribute("tbody a", "href").unwrap()).await;
        assert!(delivery.text().contains("orders") && delivery.text().contains("DEP-1"));
        assert!(!delivery.text().contains(secret), "{}", delivery.text());
        assert_eq!(app.ada().get("/admin/deliveries").await.status, 403);
    }
);

both!(
    async fn a_replay_of_a_filter_doubles_nothing(app: TestApp) {
        for (sender, sent, _) in fixtures::all() {
            let source = app
                .read(|c| debrief::hooks::queries::find(c, &debrief::web::fields::slugify(sender.label())))
                .unwrap_or_else(|| source_of(&app, sender));
            deliver(&app, &source, &sent).await;
        }
        app.work_queue().await;
        let (deploys, signals, verdicts) =
            (crate::senders::deploys_seen(&app), crate::senders::signals_of(&app), crate::senders::verdicts(&app));
        let mut admin = app.signed_in("Root", Role::Admin);
        for _ in 0..2 {
            assert_eq!(admin.post("/admin/deliveries/replay", &[]).await.status, 303);
            assert_eq!(app.work_queue().await, verdicts.len());
        }
        assert_eq!(crate::senders::deploys_seen(&app), deploys);
        assert_eq!(crate::senders::signals_of(&app), signals);
        assert_eq!(crate::senders::verdicts(&app), verdicts);
    }
);
