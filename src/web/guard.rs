//! What stands in front of every handler: a number for the request, the cross-site check, refused encodings,
//! security headers, and one line in the log.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};

use super::endless;
use super::errors::answer;
use super::flash::FLASH_COOKIE;
use crate::app::App;
use crate::auth::secrets::random_hex;
use crate::error::Error;

/// Own files only, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The number of a request: in its answer's `x-request-id`, in every log line and in the audit log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The pattern of the route that answered, set by the router's entries for the metrics.
#[derive(Clone, Copy, Debug)]
pub struct RouteName(pub &'static str);

/// Middleware: everything that this file is for, around the whole application.
pub async fn stand(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let hold = endless::hold(&mut request);
    let began = Instant::now();
    let request_id = random_hex(8);
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let app = request.app_data::<web::Data<App>>().cloned();
    let is_tls = app.as_ref().is_some_and(|app| app.config.is_tls());
    let method = request.method().clone();
    let had_flash = request.cookie(FLASH_COOKIE).is_some();

    let place = match (refusal(&request), &app) {
        (Some(error), _) => Err(error),
        (None, Some(app)) => app.lanes.enter(&request).await,
        (None, None) => Ok(None),
    };
    let mut response = match &place {
        Err(error) => {
            let refused = answer(request.request(), error);
            request.into_response(refused)
        }
        Ok(_) => next.call(request).await?.map_into_boxed_body(),
    };
    drop(place);

    let is_html = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let sets_flash =
        response.headers().get_all(SET_COOKIE).any(|cookie| cookie.as_bytes().starts_with(FLASH_COOKIE.as_bytes()));
    if had_flash && is_html && !sets_flash {
        let mut gone = Cookie::build(FLASH_COOKIE, "").path("/").finish();
        gone.make_removal();
        let _ = response.response_mut().add_cookie(&gone);
    }
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-request-id"), header(&request_id));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    // What says nothing of it is nobody's to keep.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    if is_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }

    let elapsed = began.elapsed();
    let status = response.status().as_u16();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    if let Some(app) = app {
        app.metrics.answered(method.as_str(), &route, status, elapsed);
    }
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    // The pattern, not the path: paths carry sign-in links and source addresses, which are secrets.
    tracing::info!(target: "debrief::access", request_id, %method, route, status, elapsed_ms, "answered");
    Ok(endless::until_through(response, hold))
}

fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Why a request is not even looked at.
fn refusal(request: &ServiceRequest) -> Option<Error> {
    if request.path().contains("%00") || request.path().contains('\0') {
        return Some(Error::NotFound("There is no page at this address. Check it for a typing mistake.".to_owned()));
    }
    let mut encodings = request.headers().get_all(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encodings.any(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity")) {
        return Some(Error::Unsupported("Send the body uncompressed, without Content-Encoding.".to_owned()));
    }
    let is_unsafe = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // Tokens and signatures are not sent by browsers of their own accord; cookies are.
    let is_by_cookie = !["/api/", "/hooks/", "/v1/", "/v2/"].iter().any(|door| request.path().starts_with(door));
    if is_unsafe && is_by_cookie && !is_from_here(request) {
        return Some(Error::Forbidden(
            "This came from another site, so it was not done. Open the page here and send the form again.".to_owned(),
        ));
    }
    None
}

/// Whether an unsafe request comes from our own pages, or from something that is not a browser.
///
/// Every current browser sends `Sec-Fetch-Site`; older ones send `Origin` with each cross-site POST.
fn is_from_here(request: &ServiceRequest) -> bool {
    if let Some(site) = request.headers().get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = request.headers().get(ORIGIN).and_then(|value| value.to_str().ok()) else {
        return true;
    };
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(host))
}

/// The address of whoever asks: the peer's, or what a trusted proxy says in `X-Forwarded-For`.
pub fn client_address(request: &actix_web::HttpRequest, app: &App) -> String {
    let Some(peer) = request.peer_addr().map(|address| address.ip().to_canonical()) else {
        return "unknown".to_owned();
    };
    let is_ours = |address: &IpAddr| app.config.trusted_proxies.contains(address);
    if !is_ours(&peer) {
        return peer.to_string();
    }
    let headers = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = headers.flat_map(|list| list.split(',')).collect();
    // From the right: the first address that is not one of our own proxies is the nearest that can be believed.
    // What a proxy wrote in other words hides who asked it; further left anybody may have written anything.
    let mut nearest = peer;
    for part in chain.into_iter().rev() {
        let Some(address) = forwarded(part.trim()) else { break };
        nearest = address;
        if !is_ours(&address) {
            break;
        }
    }
    nearest.to_string()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn forwarded(part: &str) -> Option<IpAddr> {
    let address = part.parse::<IpAddr>().ok();
    let bare = || part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|inner| inner.parse().ok());
    let with_port = || part.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address.or_else(bare).or_else(with_port).map(|address| address.to_canonical())
}
