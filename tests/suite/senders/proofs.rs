//! Signatures right, wrong, cut, of other bytes, rotated, replayed and late.

use debrief::auth::actor::Actor;
use debrief::db::schema::deliveries;
use debrief::hooks::model::Sender;
use debrief::hooks::queries::{self, OldSecret};
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{Sent, deliver, hmac_hex, knock, proof_of, source_of};
use crate::both;
use crate::support::TestApp;

fn count(app: &TestApp) -> i64 {
    app.read(|c| Ok(deliveries::table.count().get_result(c)?))
}

both!(
    async fn only_the_right_proof_opens_any_door(app: TestApp) {
        for sender in Sender::ALL.iter().copied() {
            let source = source_of(&app, sender);
            let sent = Sent::json(&[], &json!({"of": sender}));
            let right = proof_of(sender, &source.secret, &sent.body);
            let before = count(&app);
            let mut wrong = vec![
                (Vec::new(), String::new()),
                proof_of(sender, "another-secret-as-long-as-it-is", &sent.body),
                proof_of(sender, &source.secret[..20], &sent.body),
                proof_of(sender, "", &sent.body),
            ];
            // Cut, lengthened, and emptied.
            for change in [
                |text: &str| text[..text.len() - 2].to_owned(),
                |text: &str| format!("{text}00"),
                |_: &str| String::new(),
            ] {
                let headers = right.0.iter().map(|(name, value)| (name.clone(), change(value))).collect();
                wrong.push((headers, if right.1.is_empty() { String::new() } else { change(&right.1) }));
            }
            for proof in &wrong {
                let answer = knock(&app, &source, &sent, proof).await;
                assert_eq!(answer.status, 401, "{sender} {proof:?}");
            }
            // Senders that sign: the signature of other bytes.
            if right != proof_of(sender, &source.secret, b"{}") {
                let other = Sent { body: b"{\"of\": \"other\"}".to_vec(), ..sent.clone() };
                assert_eq!(knock(&app, &source, &other, &right).await.status, 401, "{sender}");
            }
            assert_eq!(count(&app), before, "{sender}: nothing was stored");
            assert_eq!(knock(&app, &source, &sent, &right).await.status, 202, "{sender}");
            assert_eq!(knock(&app, &source, &sent, &right).await.status, 200, "{sender}: a replay is here already");
            assert_eq!(count(&app), before + 1, "{sender}");
        }
    }
);

both!(
    async fn two_secrets_are_good_for_a_while(app: TestApp) {
        let old = source_of(&app, Sender::GitHub);
        let rotate = |how| {
            let now = app.now();
            app.write(|c| queries::renew_secret(c, &Actor::program("test"), &old.slug, (how, None), now))
        };
        let new = rotate(OldSecret::GoesOn);
        assert_ne!(new.secret, old.secret);
        let sent = |n: i64| Sent::json(&[("x-github-delivery", &n.to_string())], &json!({"n": n}));
        deliver(&app, &old, &sent(1)).await;
        deliver(&app, &new, &sent(2)).await;
        app.app.clock.advance_s(queries::OVERLAP_S - 1);
        deliver(&app, &old, &sent(3)).await;
        app.app.clock.advance_s(1);
        let late = sent(4);
        assert_eq!(knock(&app, &old, &late, &proof_of(Sender::GitHub, &old.secret, &late.body)).await.status, 401);
        deliver(&app, &new, &late).await;
        // Somebody else may know it: nothing goes on.
        let newest = rotate(OldSecret::Ends);
        let sent = sent(5);
        assert_eq!(knock(&app, &new, &sent, &proof_of(Sender::GitHub, &new.secret, &sent.body)).await.status, 401);
        deliver(&app, &newest, &sent).await;
    }
);

fn standard(secret: &str, id: &str, stamp: i64, body: &[u8]) -> String {
    use base64::Engine as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{id}.{stamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()))
}

both!(
    async fn a_signed_time_must_be_near(app: TestApp) {
        let source = source_of(&app, Sender::GitLab);
        let now = app.now().millis() / 1000;
        for (number, (offset, status)) in
            [(0, 202), (-299, 202), (299, 202), (-301, 401), (301, 401), (i64::MIN / 2, 401)].into_iter().enumerate()
        {
            let sent = Sent::json(&[], &json!({"number": number}));
            let (id, stamp) = (format!("msg-{number}"), now.saturating_add(offset));
            let right = standard(&source.secret, &id, stamp, &sent.body);
            // Several signatures, of which one fits.
            let headers = [
                ("webhook-id", id),
                ("webhook-timestamp", stamp.to_string()),
                ("webhook-signature", format!("v1,AAAA {right}")),
            ];
            let proof = (headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), String::new());
            assert_eq!(knock(&app, &source, &sent, &proof).await.status, status, "{offset}");
        }
        let sent = Sent::json(&[], &json!({}));
        let mut forged: Vec<(String, String)> = vec![
            ("webhook-id".to_owned(), "x".to_owned()),
            ("webhook-timestamp".to_owned(), now.to_string()),
            ("webhook-signature".to_owned(), standard("another", "x", now, &sent.body)),
        ];
        assert_eq!(knock(&app, &source, &sent, &(forged.clone(), String::new())).await.status, 401);
        forged.push(("x-gitlab-token".to_owned(), "wrong".to_owned()));
        assert_eq!(knock(&app, &source, &sent, &(forged, String::new())).await.status, 401);

        let source = source_of(&app, Sender::Grafana);
        for (offset, status) in [(0, 202), (-301, 401)] {
            let sent = Sent::json(&[], &json!({"offset": offset}));
            let stamp = now + offset;
            let mut message = format!("{stamp}:").into_bytes();
            message.extend_from_slice(&sent.body);
            let proof = vec![
                ("x-grafana-alerting-signature".to_owned(), hmac_hex(&source.secret, &message)),
                ("x-grafana-alerting-timestamp".to_owned(), stamp.to_string()),
            ];
            assert_eq!(knock(&app, &source, &sent, &(proof, String::new())).await.status, status, "{offset}");
        }
    }
);

both!(
    async fn lists_of_signatures_need_one_that_fits(app: TestApp) {
        for (sender, header) in [(Sender::CircleCi, "circleci-signature"), (Sender::PagerDuty, "x-pagerduty-signature")]
        {
            let source = source_of(&app, sender);
            let sent = Sent::json(&[], &json!({"id": "1"}));
            let hex = hmac_hex(&source.secret, &sent.body);
            let with = |value: String| (vec![(header.to_owned(), value)], String::new());
            assert_eq!(knock(&app, &source, &sent, &with(format!("v2={hex},v0=00"))).await.status, 401);
            assert_eq!(knock(&app, &source, &sent, &with(format!("v1=00,v1={hex},v2=zz"))).await.status, 202);
        }
        let flux = source_of(&app, Sender::Flux);
        let sent = Sent::json(&[], &json!({"reason": "x"}));
        let wrong = vec![("x-signature".to_owned(), format!("md5={}", hmac_hex(&flux.secret, &sent.body)))];
        assert_eq!(knock(&app, &flux, &sent, &(wrong, String::new())).await.status, 401);
    }
);

both!(
    async fn the_same_id_from_another_source_is_another_delivery(app: TestApp) {
        let (one, two) = (source_of(&app, Sender::GitHub), source_of(&app, Sender::GitHub));
        let sent = Sent::json(&[("x-github-delivery", "same")], &json!({}));
        assert_eq!(deliver(&app, &one, &sent).await.status, 202);
        assert_eq!(deliver(&app, &two, &sent).await.status, 202);
        assert_eq!(deliver(&app, &two, &sent).await.status, 200);
        assert_eq!(count(&app), 2);
    }
);

both!(
    async fn a_source_that_is_off_takes_nothing(app: TestApp) {
        let source = source_of(&app, Sender::Other);
        let mut admin = app.signed_in("Root", debrief::auth::model::Role::Admin);
        // It is known by now, and was open a moment ago.
        deliver(&app, &source, &Sent::json(&[], &json!({"before": true}))).await;
        admin.post(&format!("{}/switch", source.path()), &[("to", "off")]).await;
        let sent = Sent::json(&[], &json!({}));
        let proof = proof_of(Sender::Other, &source.secret, &sent.body);
        assert_eq!(knock(&app, &source, &sent, &proof).await.status, 403);
        assert_eq!(count(&app), 1);
        admin.post(&format!("{}/switch", source.path()), &[("to", "on")]).await;
        assert_eq!(knock(&app, &source, &sent, &proof).await.status, 202);
    }
);
