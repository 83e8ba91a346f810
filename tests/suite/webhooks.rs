//! Signed requests to programs, their log, and the end of dead ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use debrief::auth::model::Role;
use debrief::notify::model::{Audience, Notice, NoticeKind, Thing};
use debrief::notify::queries;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::both;
use crate::support::TestApp;
use crate::support::receiver::{Receiver, Taken};

fn tell(app: &TestApp, title: &str) {
    let now = app.now();
    let notice = Notice {
        kind: NoticeKind::IncidentDeclared,
        thing: Thing::new("incident", "INC-1", "/incidents/INC-1"),
        title: title.to_owned(),
        body: String::new(),
        why: String::new(),
        audience: Audience::default(),
        actor_id: None,
        dedup_key: None,
    };
    app.write(|c| queries::tell(c, &notice, now));
}

/// What the specification tells a receiver to compute.
fn is_signed_with(taken: &Taken, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.", taken.header("webhook-id"), taken.header("webhook-timestamp")).as_bytes());
    mac.update(&taken.body);
    let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    taken.header("webhook-signature").split(' ').any(|given| given == wanted)
}

both!(
    async fn a_program_is_told_by_signed_requests(app: TestApp) {
        let receiver = Receiver::start();
        let mut admin = app.signed_in("Root", Role::Admin);
        let refused = admin.post("/admin/webhooks", &[("name", "Status page"), ("url", "nowhere")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("name"), "Status page");
        let typed = [("name", "Status page"), ("url", &receiver.url), ("kinds", "incident_declared")];
        let page = admin.post("/admin/webhooks", &typed).await;
        assert_eq!(page.status, 201);
        let secret = page.one("dd code");
        assert!(secret.starts_with("whsec_"), "{secret}");
        assert!(!admin.get("/admin/webhooks/1").await.text().contains(&secret), "shown once");
        tell(&app, "INC-1 Checkout is down");
        app.work_queue().await;
        let taken = receiver.taken();
        assert_eq!(taken.len(), 1);
        assert!(is_signed_with(&taken[0], &secret));
        assert_eq!(taken[0].json()["type"], "incident.declared");
        assert_eq!(taken[0].json()["data"]["thing"]["url"], "http://debrief.test/incidents/INC-1");

        // A new secret signs beside the old one for a day.
        let renewed = admin.post("/admin/webhooks/1/secret", &[]).await.one("dd code");
        tell(&app, "again");
        app.work_queue().await;
        let both = receiver.taken().remove(1);
        assert!(is_signed_with(&both, &secret) && is_signed_with(&both, &renewed));
        app.app.clock.advance_s(86_401);
        let mut admin = admin.clone();
        assert_eq!(admin.post("/admin/webhooks/1/test", &[]).await.status, 303);
        app.work_queue().await;
        let one = receiver.taken().remove(2);
        assert!(!is_signed_with(&one, &secret) && is_signed_with(&one, &renewed));

        // The log, and the same message once more with the same id.
        let log = admin.get("/admin/messages").await;
        assert!(log.text().contains("INC-1 Checkout is down"), "{}", log.one("main"));
        assert_eq!(admin.post("/admin/messages/1/replay", &[]).await.status, 303);
        app.work_queue().await;
        assert_eq!(receiver.taken()[3].header("webhook-id"), taken[0].header("webhook-id"));
        let page = admin.get("/admin/messages/1").await;
        assert_eq!(page.all("tbody tr").len(), 2, "two tries: {}", page.one("main"));
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn a_dead_program_is_switched_off_and_told_again_when_it_lives(app: TestApp) {
        let receiver = Receiver::start();
        let mut admin = app.signed_in("Root", Role::Admin);
        let typed = [("name", "Status page"), ("url", &receiver.url), ("kinds", "incident_declared")];
        admin.post("/admin/webhooks", &typed).await;
        receiver.answer(503);
        tell(&app, "one");
        tell(&app, "two");
        for _ in 0..12 {
            app.work_queue().await;
            app.app.clock.advance_s(3_600);
        }
        assert_eq!(receiver.taken().len(), 10, "the second waits for the first, and after ten it is over");
        let mut admin = app.session_of(1);
        let page = admin.get("/admin/webhooks/1").await;
        assert!(page.text().contains("It is off since"), "{}", page.one("main"));
        assert!(admin.get("/admin/messages").await.text().contains("Status page was switched off"));
        receiver.answer(200);
        assert_eq!(admin.post("/admin/webhooks/1/switch-on", &[]).await.status, 303);
        app.work_queue().await;
        let titles: Vec<_> = receiver.taken()[10..].iter().map(|taken| taken.json()["data"]["title"].clone()).collect();
        assert_eq!(titles, ["one", "two"]);
        // Gone means gone, at once.
        receiver.answer(410);
        tell(&app, "three");
        app.work_queue().await;
        assert!(admin.get("/admin/webhooks/1").await.text().contains("It is off since"));
    }
);

both!(
    async fn no_request_goes_into_a_private_network(app: TestApp) {
        let mut admin = app.signed_in("Root", Role::Admin);
        let typed = [("name", "Inside"), ("url", "http://10.0.0.1/x"), ("kinds", "incident_declared")];
        assert_eq!(admin.post("/admin/webhooks", &typed).await.status, 201);
        tell(&app, "one");
        app.work_queue().await;
        let page = admin.get("/admin/messages/1").await;
        assert!(page.text().contains("private network"), "{}", page.one("main"));
    }
);
