//! The client. Blocking: call it from a job or from the database's threads, never while a transaction is open.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use ureq::config::Config as AgentConfig;
use ureq::http;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::addresses::{Network, may_call};

/// A whole call, from the name's resolution to the answer's last byte, takes at most this long.
pub const CALL_DEADLINE: Duration = Duration::from_secs(15);
/// Longest answer that is read, in bytes.
pub const ANSWER_LIMIT_BYTES: u64 = 1024 * 1024;
/// Longest address that is called, in bytes.
const ADDRESS_LIMIT: usize = 2_000;
/// Most addresses of one name that are tried.
const ADDRESSES_TRIED: usize = 8;

/// What a call wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To read.
    Get,
    /// To add, or to tell.
    Post,
    /// To replace.
    Put,
    /// To change.
    Patch,
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
        }
    }
}

/// What the other side answered, whatever its status (redirects excepted).
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`ANSWER_LIMIT_BYTES`].
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status says that it went well.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; nothing where it is none.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Why there is no answer. The sentences are for people, and hold nothing that the other side said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The address is none that can be called.
    #[error("The address is not one that can be called. Give a whole one that starts with https:// or http://.")]
    BadAddress,
    /// The address leads into a private or special network.
    #[error(
        "The address leads into a private network. An operator can allow it with DEBRIEF_OUTBOUND_ALLOW, \
         for example 10.1.0.0/16."
    )]
    Refused,
    /// The name cannot be resolved, or nobody listens, or the connection broke off.
    #[error("The other side cannot be reached.")]
    Unreachable,
    /// The other side's certificate is not right.
    #[error("The other side's certificate cannot be verified.")]
    Certificate,
    /// It took too long.
    #[error("The other side did not answer in time.")]
    TooSlow,
    /// The answer is too large.
    #[error("The other side's answer is too large.")]
    TooLarge,
    /// The other side points elsewhere; redirects are not followed.
    #[error("The other side points to another address. Give the address that answers itself.")]
    Redirected,
    /// A header or body that cannot be sent.
    #[error("The call cannot be written: a header holds characters that may not be there.")]
    Unsendable,
}

/// The guarded client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
}

impl Client {
    /// A client that may call the internet, and the networks that the operator allows.
    pub fn new(allowed: &[Network]) -> Self {
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy of the environment would resolve names past the check.
            .proxy(None)
            .timeout_global(Some(CALL_DEADLINE))
            .max_response_header_size(64 * 1024)
            .max_idle_connections(8)
            .user_agent("Debrief")
            .accept_encoding("identity")
            .tls_config(tls)
            .build();
        let resolver = Guard { allowed: allowed.to_vec() };
        Client { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver) }
    }

    /// Sends `body` by POST.
    ///
    /// # Errors
    /// Why there is no answer; an answer with an error status is an answer.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, OutboundError> {
        self.send(Method::Post, url, headers, body)
    }

    /// Reads by GET.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, OutboundError> {
        self.send(Method::Get, url, headers, b"")
    }

    /// Makes a call.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, OutboundError> {
        let uri = callable(url)?;
        let mut request = http::Request::builder().method(method.word()).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let outcome = if method == Method::Get {
            self.agent.run(request.body(()).map_err(|_| OutboundError::Unsendable)?)
        } else {
            self.agent.run(request.body(body).map_err(|_| OutboundError::Unsendable)?)
        };
        let mut response = outcome.map_err(|error| told(&error))?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            return Err(OutboundError::Redirected);
        }
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body =
            response.body_mut().with_config().limit(ANSWER_LIMIT_BYTES).read_to_vec().map_err(|error| told(&error))?;
        Ok(Answer { status, headers, body })
    }
}

/// Reads an address: http or https, with a host, without a name and password in it.
fn callable(url: &str) -> Result<http::Uri, OutboundError> {
    let uri: http::Uri = url.trim().parse().map_err(|_| OutboundError::BadAddress)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().ok_or(OutboundError::BadAddress)?;
    if !is_web || url.len() > ADDRESS_LIMIT || authority.host().is_empty() || authority.as_str().contains('@') {
        return Err(OutboundError::BadAddress);
    }
    Ok(uri)
}

/// The mark by which a refusal is found again in what the agent reports.
const REFUSAL: &str = "refused by the guard of outbound calls";

fn told(error: &ureq::Error) -> OutboundError {
    match error {
        ureq::Error::Timeout(_) => OutboundError::TooSlow,
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => OutboundError::TooLarge,
        ureq::Error::BadUri(_) => OutboundError::BadAddress,
        ureq::Error::Http(_) => OutboundError::Unsendable,
        ureq::Error::NativeTls(_) | ureq::Error::Tls(_) => OutboundError::Certificate,
        ureq::Error::Io(error) if error.to_string() == REFUSAL => OutboundError::Refused,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => OutboundError::TooSlow,
        _ => OutboundError::Unreachable,
    }
}

/// Resolves names and lets through only what may be called; the connection goes to what it returns.
#[derive(Debug)]
struct Guard {
    allowed: Vec<Network>,
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &http::Uri,
        _config: &AgentConfig,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        // The system's resolver knows no deadline, so it is left behind when it takes too long.
        let (answer, answered) = mpsc::channel();
        std::thread::spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(|found| found.collect::<Vec<SocketAddr>>());
            let _ = answer.send(found);
        });
        let patience = if timeout.after.is_not_happening() { CALL_DEADLINE } else { *timeout.after };
        let found = answered
            .recv_timeout(patience.min(CALL_DEADLINE))
            .map_err(|_| ureq::Error::Io(std::io::ErrorKind::TimedOut.into()))?
            .map_err(|_| ureq::Error::HostNotFound)?;
        if found.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        let mut good = self.empty();
        for address in found.iter().filter(|found| may_call(found.ip(), &self.allowed)).take(ADDRESSES_TRIED) {
            good.push(*address);
        }
        if good.is_empty() {
            return Err(ureq::Error::Io(std::io::Error::other(REFUSAL)));
        }
        Ok(good)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn local() -> Client {
        Client::new(&["127.0.0.0/8".parse().unwrap()])
    }

    /// Answers one request with these bytes, and gives what was asked.
    fn answering(answer: &'static [u8]) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut part = [0; 4096];
            loop {
                let count = stream.read(&mut part).unwrap();
                asked.extend_from_slice(&part[..count]);
                let text = String::from_utf8_lossy(&asked).into_owned();
                if count == 0 || text.ends_with("hello") || (text.starts_with("GET") && text.ends_with("\r\n\r\n")) {
                    break;
                }
            }
            stream.write_all(answer).unwrap();
            String::from_utf8(asked).unwrap()
        });
        (url, server)
    }

    #[test]
    fn a_call_sends_what_it_is_given_and_any_status_is_an_answer() {
        let (url, server) = answering(b"HTTP/1.1 422 No\r\nX-Why: odd\r\nContent-Length: 4\r\n\r\n{\"a\"");
        let answer = local().post(&url, &[("x-token", "t"), ("content-type", "application/json")], b"hello").unwrap();
        assert_eq!((answer.status, answer.is_success(), answer.header("x-why")), (422, false, Some("odd")));
        assert_eq!(answer.body, b"{\"a\"");
        assert_eq!(answer.json(), None);
        let asked = server.join().unwrap();
        assert!(asked.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("x-token: t\r\n") && asked.ends_with("\r\n\r\nhello"), "{asked}");
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let (url, server) =
            answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(local().get(&url, &[]).unwrap_err(), OutboundError::Redirected);
        server.join().unwrap();
    }

    #[test]
    fn an_endless_answer_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b'x'; 65_536]).is_ok() {}
        });
        assert_eq!(local().get(&url, &[]).unwrap_err(), OutboundError::TooLarge);
    }

    #[test]
    fn private_networks_are_refused_however_they_are_spelled() {
        let guarded = Client::new(&[]);
        for url in [
            "http://127.0.0.1:9/",
            "http://2130706433:9/",
            "http://0x7f.1:9/",
            "http://[::1]:9/",
            "http://[::ffff:10.0.0.1]:9/",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost:9/",
        ] {
            assert_eq!(guarded.get(url, &[]).unwrap_err(), OutboundError::Refused, "{url}");
        }
        for url in
            ["", "ftp://example.org/", "http:///x", "//example.org/", "http://ada:pw@example.org/", "example.org"]
        {
            assert_eq!(guarded.get(url, &[]).unwrap_err(), OutboundError::BadAddress, "{url}");
        }
        let headers = [("x-token", "a\r\nx-other: b")];
        assert_eq!(guarded.get("http://example.org/", &headers).unwrap_err(), OutboundError::Unsendable);
    }

    #[test]
    fn nobody_there_is_told_calmly() {
        let url = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        assert_eq!(local().get(&url, &[]).unwrap_err(), OutboundError::Unreachable);
    }
}
