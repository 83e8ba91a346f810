//! Compression of answers. Requests are never decompressed: a small one could grow without bounds.

use std::cell::RefCell;

use actix_web::body::BoxBody;
use actix_web::body::{BodySize, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::middleware::Next;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::assets::accepts_gzip;

/// Below this size, in bytes, compressing costs more than it saves.
const WORTH_IT_BYTES: u64 = 1000;

/// How hard the program tries for an answer: a page in well under a millisecond.
const LEVEL: u32 = 4;
/// The largest window of gzip, as a power of two.
const WINDOW_BITS: u8 = 15;

thread_local! {
    /// Its tables take some hundred kilobytes: made anew for each answer, they would tear the heap apart.
    static PACKER: RefCell<Compress> = RefCell::new(Compress::new_gzip(Compression::new(LEVEL), WINDOW_BITS));
}

/// `plain` in gzip, packed as tightly as can be.
pub(super) fn gzip_tightly(plain: &[u8]) -> Vec<u8> {
    pack(&mut Compress::new_gzip(Compression::best(), WINDOW_BITS), plain)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    PACKER.with_borrow_mut(|packer| pack(packer, plain))
}

fn pack(packer: &mut Compress, plain: &[u8]) -> Vec<u8> {
    let room = plain.len() / 4 + 128;
    let mut packed = Vec::with_capacity(room);
    packer.reset();
    loop {
        let taken = usize::try_from(packer.total_in()).expect("what is in memory can be counted");
        let status = packer.compress_vec(&plain[taken..], &mut packed, FlushCompress::Finish);
        match status.expect("packing from memory into memory cannot fail") {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError => packed.reserve(room),
        }
    }
    packed.shrink_to_fit();
    packed
}

/// Middleware: compresses text answers for those who take gzip.
pub async fn answers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let takes_gzip = accepts_gzip(request.headers().get(ACCEPT_ENCODING));
    let response = next.call(request).await?.map_into_boxed_body();
    let is_text = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
        kind.starts_with("text/") || kind.contains("json") || kind.contains("xml") || kind.contains("javascript")
    });
    let is_worth_it = matches!(response.response().body().size(), BodySize::Sized(size) if size >= WORTH_IT_BYTES);
    if !takes_gzip || !is_text || !is_worth_it || response.headers().contains_key(CONTENT_ENCODING) {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (mut head, body) = response.into_parts();
    let Ok(plain) = to_bytes(body).await else {
        return Err(actix_web::error::ErrorInternalServerError("the answer could not be read"));
    };
    head.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(gzip(&plain)))))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::{gzip, gzip_tightly};

    #[test]
    fn what_is_packed_comes_out_again_whatever_was_packed_before() {
        let noise: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let same = vec![b'a'; 3_000_000];
        for plain in [&b"short"[..], &noise, b"", &same, &noise[..70_000], b"short"] {
            for packed in [gzip(plain), gzip_tightly(plain)] {
                let mut out = Vec::new();
                GzDecoder::new(&packed[..]).read_to_end(&mut out).unwrap();
                assert!(out == plain, "{} bytes", plain.len());
            }
        }
    }
}
