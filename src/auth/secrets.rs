//! Random secrets, and the hash under which they are kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// `byte_count` random bytes in hex (at most 32).
pub fn random_hex(byte_count: usize) -> String {
    hex::encode(&random::<32>()[..byte_count.min(32)])
}

/// 32 random bytes, for a key.
pub fn random_bytes() -> [u8; 32] {
    random()
}

/// A secret that cannot be guessed: 32 random bytes for an address, cookie or header.
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// What is stored in place of a token. Tokens are random, so a plain hash cannot be turned back.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
