//! A team's channels in chat programs.

use debrief::auth::model::Role;

use crate::both;
use crate::support::receiver::Receiver;

both!(
    async fn a_team_hears_in_its_channel(app: TestApp) {
        let receiver = Receiver::start();
        let mut ada = app.ada();
        ada.post("/teams", &[("name", "Payments")]).await;
        let typed = [("name", "Checkout"), ("slug", "checkout"), ("team", "payments"), ("tier", "1")];
        assert_eq!(ada.post("/services", &typed).await.status, 303);
        let place = "/teams/payments/channels";
        let refused = ada.post(place, &[("flavour", "slack"), ("name", "#payments"), ("url", "")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("name"), "#payments");
        for flavour in ["slack", "mattermost", "teams"] {
            let typed =
                [("flavour", flavour), ("name", flavour), ("url", &receiver.url), ("kinds", "incident_declared")];
            let page = ada.post_and_follow(place, &typed).await;
            assert!(!page.text().contains(&receiver.url), "the address is a secret");
        }
        app.work_queue().await;
        let first: Vec<_> = receiver.taken().iter().map(|taken| taken.json()).collect();
        assert_eq!(first.len(), 3);
        let mut bo = app.signed_in("Bo", Role::Member);
        let typed = [
            ("title", "Checkout <!here> is down"),
            ("severity", "SEV1"),
            ("services", "checkout"),
            ("other_services", ""),
        ];
        assert_eq!(bo.post("/incidents", &typed).await.status, 303);
        app.work_queue().await;
        let told: Vec<_> = receiver.taken()[3..].iter().map(|taken| taken.json()).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().any(|one| one["blocks"][0]["text"]["text"].as_str().is_some_and(|text| {
            text.contains("http://debrief.test/incidents/INC-1|INC-1 Checkout &lt;!here&gt; is down (SEV1)")
        })));
        assert!(told.iter().any(|one| one["attachments"][0]["content"]["type"] == "AdaptiveCard"));
        assert!(told.iter().any(|one| one["text"].as_str().is_some_and(|text| text.starts_with("**["))));
        // Strangers to the team neither see nor change it.
        assert_eq!(bo.get(place).await.status, 403);
        assert_eq!(bo.post(&format!("{place}/1/removal"), &[]).await.status, 403);
        assert_eq!(ada.post(&format!("{place}/1/removal"), &[]).await.status, 303);
        assert_eq!(ada.post(&format!("{place}/2/switch-off"), &[]).await.status, 303);
        assert_eq!(bo.post("/incidents/INC-1/severity", &[("severity", "SEV2"), ("reason", "x")]).await.status, 303);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);
