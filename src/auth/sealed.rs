//! Secrets of other programs (a tracker's token, a webhook's address) that must be read again, sealed at rest with
//! XChaCha20-Poly1305. The key is the operator's, or a file beside the SQLite database; it is never in the database,
//! so that a backup alone opens nothing.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::db::Target;
use crate::error::Error;

/// What sealed text starts with; another version would be another scheme.
const MARK: &str = "v1.";
const NONCE_BYTES: usize = 24;

/// A key of 32 bytes.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(SealKey).ok_or_else(|| {
            "The secret key must be 64 hexadecimal digits. Make one with `openssl rand -hex 32`.".to_owned()
        })
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seal {
    key: Option<SealKey>,
    file: Option<Arc<Path>>,
}

impl Seal {
    /// With the operator's key, or else with the file beside a SQLite database, which is made when it is first needed.
    pub fn new(key: Option<SealKey>, target: &Target) -> Self {
        let file = match target {
            Target::Sqlite(path) => {
                let mut name = path.as_os_str().to_owned();
                name.push(".key");
                Some(PathBuf::from(name).into())
            }
            Target::Postgres(_) => None,
        };
        Seal { key, file }
    }

    /// Seals `secret` for one use, such as `tracker token`: sealed for one, it does not open for another.
    ///
    /// # Errors
    /// 422 when there is no key; a fault when the key file cannot be made.
    pub fn seal(&self, purpose: &str, secret: &str) -> Result<String, Error> {
        let nonce: [u8; NONCE_BYTES] = random();
        let sealed = self
            .cipher()?
            .encrypt(&XNonce::from(nonce), Payload { msg: secret.as_bytes(), aad: purpose.as_bytes() })
            .map_err(|_| Error::Fault("a secret could not be sealed".to_owned()))?;
        Ok(format!("{MARK}{}", URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    /// Opens what [`Seal::seal`] made.
    ///
    /// # Errors
    /// 422 when the key is another one, or there is none.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String, Error> {
        let locked = || {
            Error::field(
                "secret",
                "This secret was sealed with another key. Start Debrief with that DEBRIEF_SECRET_KEY, or enter the \
                 secret again.",
            )
        };
        let bytes = sealed.strip_prefix(MARK).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or_else(locked)?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(locked)?;
        let opened = self
            .cipher()?
            .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: purpose.as_bytes() })
            .map_err(|_| locked())?;
        String::from_utf8(opened).map_err(|_| locked())
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, Error> {
        let key = match (&self.key, &self.file) {
            (Some(key), _) => key.clone(),
            (None, Some(file)) => file_key(file).map_err(|error| Error::Fault(format!("the key file: {error}")))?,
            (None, None) => {
                return Err(Error::field(
                    "secret",
                    "Secrets are kept sealed, and there is no key yet. Start every node with the same \
                     DEBRIEF_SECRET_KEY (`openssl rand -hex 32`), then enter the secret again.",
                ));
            }
        };
        Ok(XChaCha20Poly1305::new(&key.0.into()))
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// The key of the file; made, for its owner alone, when it is not there.
fn file_key(path: &Path) -> Result<SealKey, String> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return SealKey::parse(&text);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = hex::encode(random::<32>());
    // Written whole under another name first: killed in the middle, no half of a key is left.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}", hex::encode(random::<8>())));
    let written = options.open(&unfinished).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Unlike renaming, this does not replace what somebody else made in the meantime.
        std::fs::hard_link(&unfinished, path)
    });
    // It has its name by now, or is of no use.
    let _ = std::fs::remove_file(&unfinished);
    match written {
        Ok(()) => SealKey::parse(&text),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            std::fs::read_to_string(path).map_err(|error| error.to_string()).and_then(|text| SealKey::parse(&text))
        }
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(digits: &str) -> Seal {
        let target = Target::Postgres(String::new());
        Seal::new(Some(SealKey::parse(&digits.repeat(32)).unwrap()), &target)
    }

    #[test]
    fn a_sealed_secret_opens_with_its_key_and_for_its_purpose_alone() {
        let sealed = seal("07").seal("tracker token", "gläss").unwrap();
        for readable in ["gläss", "Z2zDpHNz"] {
            assert!(!sealed.contains(readable), "{sealed}");
        }
        assert_ne!(sealed, seal("07").seal("tracker token", "gläss").unwrap());
        assert_eq!(seal("07").open("tracker token", &sealed).unwrap(), "gläss");
        assert!(seal("08").open("tracker token", &sealed).is_err());
        assert!(seal("07").open("mail password", &sealed).is_err());
        for damaged in ["", "v1.", "v1.AAAA", "plain", &sealed[..sealed.len() - 2]] {
            assert!(seal("07").open("tracker token", damaged).is_err(), "{damaged}");
        }
        assert!(SealKey::parse("07").is_err());
        assert_eq!(format!("{:?}", SealKey::parse(&"07".repeat(32)).unwrap()), "SealKey(…)");
    }

    #[test]
    fn a_sqlite_database_has_its_key_beside_it_and_a_server_needs_the_operators() {
        let folder = std::env::temp_dir().join(format!("debrief-seal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let target = Target::Sqlite(folder.join("own.db"));
        let sealed = Seal::new(None, &target).seal("x", "y").unwrap();
        assert_eq!(Seal::new(None, &target).open("x", &sealed).unwrap(), "y");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.join("own.db.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        std::fs::remove_dir_all(folder).unwrap();
        assert!(Seal::new(None, &Target::Postgres(String::new())).seal("x", "y").is_err());
    }
}
