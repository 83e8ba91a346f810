//! Whether a delivery comes from who it says: each sender's own way of proving it, always over the raw bytes and in
//! constant time. Pure; the time is passed in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::model::{Headers, Sender};
use crate::clock::Moment;

/// How old or how far ahead a signed time may be.
pub const TOLERANCE_S: i64 = 5 * 60;
/// The header in which senders that can send one of their own carry the secret.
pub const OWN_HEADER: &str = "x-debrief-token";

/// What stands at the door.
#[derive(Clone, Copy, Debug)]
pub struct Knock<'a> {
    /// The headers, lower-case names.
    pub headers: &'a Headers,
    /// The query string of the address.
    pub query: &'a str,
    /// The raw bytes.
    pub body: &'a [u8],
    /// When it came.
    pub now: Moment,
}

/// Where a sender that does not sign carries the secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`, as the password.
    Basic,
    /// `X-Debrief-Token: …`
    OwnHeader,
    /// `?token=…`
    Address,
}

impl Sender {
    /// Whether a delivery proves that its sender knows `secret`.
    pub fn is_authentic(self, secret: &str, knock: Knock<'_>) -> bool {
        use Place::{Address, Basic, Bearer, OwnHeader};
        let carried = |places: &[Place]| places.iter().any(|place| knock.carries(*place, secret));
        let signed = |name: &str| knock.headers.get(name).map(|value| hex_fits::<Sha256>(secret, knock.body, value));
        let hub = |name: &str| {
            let value = knock.headers.get(name)?.trim();
            Some(value.strip_prefix("sha256=").is_some_and(|hex| hex_fits::<Sha256>(secret, knock.body, hex)))
        };
        match self {
            Sender::GitHub => hub("x-hub-signature-256").unwrap_or(false),
            Sender::GitLab => knock.is_gitlabs(secret),
            Sender::Bitbucket => hub("x-hub-signature").unwrap_or(false),
            Sender::Gitea => ["x-forgejo-signature", "x-gitea-signature", "x-gogs-signature"]
                .iter()
                .find_map(|name| signed(name))
                .or_else(|| hub("x-hub-signature-256"))
                .unwrap_or(false),
            Sender::CircleCi => knock.headers.get("circleci-signature").is_some_and(|list| knock.in_list(secret, list)),
            Sender::PagerDuty => {
                knock.headers.get("x-pagerduty-signature").is_some_and(|list| knock.in_list(secret, list))
            }
            Sender::Flux => match knock.headers.get("x-signature") {
                Some(value) => knock.is_of_named_algorithm(secret, value),
                None => carried(&[Bearer, Basic, OwnHeader, Address]),
            },
            Sender::Grafana => match knock.headers.get("x-grafana-alerting-signature") {
                Some(value) => knock.is_grafanas(secret, value),
                None => carried(&[Bearer, Basic, OwnHeader, Address]),
            },
            // The older plug-in cannot sign.
            Sender::Sentry => signed("sentry-hook-signature").unwrap_or_else(|| carried(&[Address])),
            Sender::Other => {
                hub("x-hub-signature-256").unwrap_or_else(|| carried(&[Bearer, Basic, OwnHeader, Address]))
            }
            Sender::AzureMonitor | Sender::GoogleCloudDeploy | Sender::Jenkins => carried(&[Address, Bearer, Basic]),
            Sender::AzureDevOps
            | Sender::GoogleMonitoring
            | Sender::ArgoCd
            | Sender::Spinnaker
            | Sender::Alertmanager
            | Sender::Opsgenie
            | Sender::Datadog
            | Sender::CdEvents
            | Sender::Kubernetes
            | Sender::PagerDutyChanges
            | Sender::Honeybadger => carried(&[Bearer, Basic, OwnHeader, Address]),
        }
    }
}

impl Knock<'_> {
    fn carries(self, place: Place, secret: &str) -> bool {
        let authorization = self.headers.get("authorization").unwrap_or_default().trim();
        let after = |scheme: &str| {
            let (given, rest) = authorization.split_once(' ')?;
            given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
        };
        match place {
            Place::Bearer => after("bearer").is_some_and(|token| is_same(token, secret)),
            Place::Basic => after("basic")
                .and_then(|coded| STANDARD.decode(coded).ok())
                .and_then(|plain| String::from_utf8(plain).ok())
                .is_some_and(|pair| pair.split_once(':').is_some_and(|(_, password)| is_same(password, secret))),
            Place::OwnHeader => self.headers.get(OWN_HEADER).is_some_and(|token| is_same(token.trim(), secret)),
            Place::Address => form_urlencoded::parse(self.query.as_bytes()).any(|(name, value)| {
                matches!(&*name, "token" | "auth_token" | "access_token") && is_same(&value, secret)
            }),
        }
    }

    /// A comma list of `v1=<hex>`; one that fits is enough.
    fn in_list(self, secret: &str, list: &str) -> bool {
        list.split(',')
            .any(|one| one.trim().strip_prefix("v1=").is_some_and(|value| hex_fits::<Sha256>(secret, self.body, value)))
    }

    /// `X-Gitlab-Token` carries the secret itself; newer versions sign as the Standard Webhooks do.
    fn is_gitlabs(self, secret: &str) -> bool {
        match self.headers.get("webhook-signature") {
            Some(list) => self.is_standard(secret, list),
            None => self.headers.get("x-gitlab-token").is_some_and(|token| is_same(token.trim(), secret)),
        }
    }

    /// Standard Webhooks: base64 of an HMAC over `id.timestamp.body`, not older than [`TOLERANCE_S`].
    fn is_standard(self, secret: &str, list: &str) -> bool {
        let (Some(id), Some(stamp)) = (self.headers.get("webhook-id"), self.headers.get("webhook-timestamp")) else {
            return false;
        };
        if !self.is_in_time(stamp) {
            return false;
        }
        let mut message = format!("{id}.{}.", stamp.trim()).into_bytes();
        message.extend_from_slice(self.body);
        let bare = secret.strip_prefix("whsec_").unwrap_or(secret);
        let decoded =
            [STANDARD.decode(bare), STANDARD_NO_PAD.decode(bare), URL_SAFE.decode(bare), URL_SAFE_NO_PAD.decode(bare)];
        let keys = std::iter::once(secret.as_bytes().to_vec()).chain(decoded.into_iter().flatten());
        keys.into_iter().any(|key| {
            list.split(' ').filter_map(|one| one.trim().strip_prefix("v1,")).any(|value| {
                STANDARD.decode(value).is_ok_and(|signature| mac_fits::<Sha256>(&key, &message, &signature))
            })
        })
    }

    /// Hex of an HMAC over the body, or over `timestamp:body` where a timestamp header is configured.
    fn is_grafanas(self, secret: &str, value: &str) -> bool {
        let stamp = ["x-grafana-alerting-timestamp", "x-grafana-alerting-signature-timestamp", "x-timestamp"]
            .iter()
            .find_map(|name| self.headers.get(name));
        let Some(stamp) = stamp else { return hex_fits::<Sha256>(secret, self.body, value) };
        let mut message = format!("{}:", stamp.trim()).into_bytes();
        message.extend_from_slice(self.body);
        self.is_in_time(stamp) && hex_fits::<Sha256>(secret, &message, value)
    }

    /// `sha256=<hex>`, where the value names the algorithm.
    fn is_of_named_algorithm(self, secret: &str, value: &str) -> bool {
        match value.trim().split_once('=') {
            Some(("sha224", hex)) => hex_fits::<Sha224>(secret, self.body, hex),
            Some(("sha256", hex)) => hex_fits::<Sha256>(secret, self.body, hex),
            Some(("sha384", hex)) => hex_fits::<Sha384>(secret, self.body, hex),
            Some(("sha512", hex)) => hex_fits::<Sha512>(secret, self.body, hex),
            _ => false,
        }
    }

    fn is_in_time(self, stamp: &str) -> bool {
        let Ok(stamp) = stamp.trim().parse::<i64>() else { return false };
        let now = self.now.millis() / 1000;
        now.checked_sub(stamp).is_some_and(|age| age.unsigned_abs() <= TOLERANCE_S.unsigned_abs())
    }
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
pub fn is_same(given: &str, secret: &str) -> bool {
    !given.is_empty() && bool::from(Sha256::digest(given.as_bytes()).ct_eq(&Sha256::digest(secret.as_bytes())))
}

/// Which hash stands under an HMAC.
trait Hash {
    fn fits(key: &[u8], message: &[u8], signature: &[u8]) -> bool;
}

macro_rules! hashes {
    ($($hash:ty),+) => {$(
        impl Hash for $hash {
            fn fits(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
                let mut mac = <Hmac<$hash> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
                mac.update(message);
                // Refuses truncated signatures as well; takes the same time wherever they differ.
                mac.verify_slice(signature).is_ok()
            }
        }
    )+};
}
hashes!(Sha224, Sha256, Sha384, Sha512);

fn mac_fits<H: Hash>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    H::fits(key, message, signature)
}

/// Whether `value` is the HMAC of the message in hex.
fn hex_fits<H: Hash>(secret: &str, message: &[u8], value: &str) -> bool {
    hex::decode(value.trim()).is_ok_and(|signature| mac_fits::<H>(secret.as_bytes(), message, &signature))
}
