//! What arrives too slowly, never ends, or is packed: refused at every door, before it costs memory or a worker.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use debrief::routes::TABLE;

use crate::both;
use crate::support::program::{Folder, Server, debrief, run};
use crate::support::world::World;

/// How large each packed body would be.
const UNPACKED_BYTES: usize = 64 * 1024 * 1024;
/// By how much the server may grow while it refuses them all.
const GROWTH_LIMIT_KB: u64 = 16 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A Zstandard frame of blocks that each stand for 128 KiB of one byte.
fn zstd() -> Vec<u8> {
    const BLOCK_BYTES: u32 = 128 * 1024;
    let count = u32::try_from(UNPACKED_BYTES).unwrap() / BLOCK_BYTES;
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in 1..=count {
        let header = u32::from(block == count) | (1 << 1) | (BLOCK_BYTES << 3);
        packed.extend_from_slice(&header.to_le_bytes()[..3]);
        packed.push(0);
    }
    packed
}

/// A Brotli stream of 64 MiB of zeros.
const BROTLI: &str =
    "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfbfffcffffc73f0110870500baf7ff";

/// Each packed body with the encoding that it claims.
fn packed_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let zeros = vec![0_u8; UNPACKED_BYTES];
    let once = gzip(&zeros);
    vec![
        ("deflate", deflate(&zeros)),
        ("br", hex::decode(BROTLI).unwrap()),
        ("zstd", zstd()),
        ("gzip, gzip", gzip(&once)),
        ("gzip", once),
    ]
}

/// The server's own memory, in KiB; what it maps from its file is not counted. Nothing where the system does not say.
fn memory_kb(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.split_whitespace().next()?.parse().ok())
}

fn host(server: &Server) -> String {
    server.base_url.trim_start_matches("http://").to_owned()
}

/// Sends raw bytes and reads the answer's status.
fn talk(server: &Server, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(host(server)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // The server may have answered and closed before the body is through.
    let _ = stream.write_all(body);
    status_of(&mut stream).expect("an answer")
}

fn status_of(stream: &mut TcpStream) -> Option<u16> {
    let mut told = Vec::new();
    let mut piece = [0_u8; 512];
    while !told.windows(2).any(|pair| pair == b"\r\n") {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => told.extend_from_slice(&piece[..count]),
        }
    }
    String::from_utf8_lossy(&told).split_whitespace().nth(1)?.parse().ok()
}

struct Site {
    _folder: Folder,
    server: Server,
    bearer: String,
}

fn site() -> Site {
    let folder = Folder::new();
    let database = folder.file("debrief.db");
    assert_eq!(run(debrief(&database).args(["user", "add", "ada@example.org", "--name", "Ada"])).0, 0);
    let token = run(debrief(&database).args(["token", "create", "--user", "ada", "--name", "t", "--scope", "write"])).1;
    let server = Server::start(debrief(&database).arg("serve"));
    Site { _folder: folder, server, bearer: format!("Bearer {}", token.trim()) }
}

#[test]
fn packed_bodies_are_refused_on_every_route_and_cost_no_memory() {
    let site = site();
    let bodies = packed_bodies();
    let host = host(&site.server);
    let before = memory_kb(&site.server);
    let mut peak = before;
    for entry in TABLE {
        let path = entry.path.replace(['{', '}'], "");
        for (encoding, body) in &bodies {
            for kind in ["application/json", "application/x-www-form-urlencoded"] {
                let head = format!(
                    "{} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: {}\r\n\
                     Content-Type: {kind}\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
                    entry.method,
                    site.bearer,
                    body.len()
                );
                assert_eq!(talk(&site.server, &head, body), 415, "{} {path} {encoding}", entry.method);
                peak = peak.max(memory_kb(&site.server));
            }
        }
    }
    if let (Some(before), Some(peak)) = (before, peak) {
        println!("{} routes, 5 bodies, 2 types each: {before} KiB before, {peak} KiB at the most", TABLE.len());
        assert!(peak < before + GROWTH_LIMIT_KB, "grew from {before} to {peak} KiB");
    }
    assert_eq!(site.server.stop(), 0);
}

both!(
    async fn an_encoding_is_refused_whoever_sends_it_and_however_it_is_written(app: TestApp) {
        let world = World::new(app.clone()).await;
        let admin = app.session_of(world.admin);
        for entry in TABLE.iter().filter(|entry| entry.method != "GET" && entry.method != "OPTIONS") {
            for encoding in ["gzip", "x-gzip", "GZIP", "identity, gzip", "compress"] {
                let kind = if entry.path.starts_with("/api/") {
                    "application/json"
                } else {
                    "application/x-www-form-urlencoded"
                };
                let method: Method = entry.method.parse().unwrap();
                for http in [&admin, &world.robot] {
                    let answer = http
                        .with("content-encoding", encoding)
                        .send(method.clone(), &world.path_of(entry), kind, vec![0x1f, 0x8b, 8, 0])
                        .await;
                    assert_eq!(answer.status, 415, "{} {} {encoding}", entry.method, entry.path);
                }
            }
        }
        let twice =
            admin.with("content-encoding", "identity").with("content-encoding", "gzip").post("/teams", &[]).await;
        assert_eq!(twice.status, 415, "the second header counts as well");
    }
);

/// What a slow or endless sender does, and how it must end.
struct Sender {
    name: &'static str,
    head: String,
    /// Sent again and again, with a pause before each.
    drip: Vec<u8>,
    pause: Duration,
    wanted: &'static [u16],
}

#[test]
fn slow_and_endless_requests_are_ended_and_nobody_else_waits() {
    let site = site();
    let host = host(&site.server);
    let head = |method: &str, path: &str, more: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\n{more}", site.bearer)
    };
    let json = "Content-Type: application/json\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let second = Duration::from_secs(1);
    let flood: Vec<u8> = [b"4000\r\n".as_slice(), &[b'a'; 0x4000], b"\r\n"].concat();
    let senders = vec![
        Sender {
            name: "slow head",
            head: "GET / HTTP/1.1\r\nHo".to_owned(),
            drip: b"x".to_vec(),
            pause: second,
            wanted: &[408],
        },
        Sender {
            name: "slow sign-in",
            head: head("POST", "/sign-in", &format!("{form}Content-Length: 1000\r\n\r\n")),
            drip: b"e".to_vec(),
            pause: second,
            wanted: &[408],
        },
        Sender {
            name: "slow document",
            head: head("POST", "/api/v1/incidents", &format!("{json}Content-Length: 100000\r\n\r\n{{")),
            drip: b" ".to_vec(),
            pause: second,
            wanted: &[408],
        },
        Sender {
            name: "slow hook",
            head: head("POST", "/hooks/github/none", &format!("{json}Content-Length: 100000\r\n\r\n{{")),
            drip: b" ".to_vec(),
            pause: second,
            wanted: &[401, 404, 408],
        },
        Sender {
            name: "slow body for a page that reads none",
            head: head("POST", "/sign-out", &format!("{form}Content-Length: 100000\r\n\r\n")),
            drip: b"a".to_vec(),
            pause: second,
            wanted: &[401, 408],
        },
        Sender {
            name: "endless chunks",
            head: head("POST", "/api/v1/incidents", &format!("{json}Transfer-Encoding: chunked\r\n\r\n")),
            drip: flood.clone(),
            pause: Duration::ZERO,
            wanted: &[413],
        },
        Sender {
            name: "endless chunks at the sign-in",
            head: head("POST", "/sign-in", &format!("{form}Transfer-Encoding: chunked\r\n\r\n")),
            drip: flood.clone(),
            pause: Duration::ZERO,
            wanted: &[413],
        },
        Sender {
            name: "endless chunks for a stranger",
            head: format!(
                "POST /api/v1/incidents HTTP/1.1\r\nHost: {host}\r\n{json}Transfer-Encoding: chunked\r\n\r\n"
            ),
            drip: flood.clone(),
            pause: Duration::ZERO,
            wanted: &[401],
        },
        Sender {
            name: "endless chunks nowhere",
            head: head("POST", "/nowhere", &format!("{form}Transfer-Encoding: chunked\r\n\r\n")),
            drip: flood.clone(),
            pause: Duration::ZERO,
            wanted: &[404],
        },
        Sender {
            name: "endless chunks for a page",
            head: head("GET", "/healthz", "Transfer-Encoding: chunked\r\n\r\n"),
            drip: flood,
            pause: Duration::ZERO,
            wanted: &[200],
        },
        Sender {
            name: "a huge length",
            head: head("POST", "/sign-in", &format!("{form}Content-Length: 99999999999\r\n\r\n")),
            drip: vec![b'a'; 64 * 1024],
            pause: Duration::ZERO,
            wanted: &[413],
        },
        Sender {
            name: "an endless head",
            head: "GET / HTTP/1.1\r\nHost: x\r\nX: ".to_owned(),
            drip: vec![b'a'; 16 * 1024],
            pause: Duration::ZERO,
            wanted: &[400, 431, 413],
        },
    ];
    let before = memory_kb(&site.server);
    let mut peak = before;
    let at_work: Vec<_> = senders
        .into_iter()
        .map(|sender| {
            let host = host.clone();
            std::thread::spawn(move || {
                let began = Instant::now();
                let mut stream = TcpStream::connect(&host).unwrap();
                let mut ear = stream.try_clone().unwrap();
                ear.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                let listening = std::thread::spawn(move || {
                    let status = status_of(&mut ear);
                    // Then the line must be cut: whoever goes on sending is not listened to for ever.
                    let mut rest = [0_u8; 4096];
                    while ear.read(&mut rest).is_ok_and(|count| count > 0) {}
                    status
                });
                stream.write_all(sender.head.as_bytes()).unwrap();
                while began.elapsed() < Duration::from_secs(55) {
                    std::thread::sleep(sender.pause);
                    if stream.write_all(&sender.drip).is_err() {
                        break;
                    }
                }
                let ended = began.elapsed();
                (sender.name, sender.wanted, listening.join().unwrap(), ended)
            })
        })
        .collect();
    // Two hundred more that say nothing at all.
    let silent: Vec<_> = (0..200).map(|_| TcpStream::connect(&host).unwrap()).collect();
    let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().new_agent();
    let mut answered = 0;
    while at_work.iter().any(|sender| !sender.is_finished()) {
        assert_eq!(agent.get(format!("{}/readyz", site.server.base_url)).call().unwrap().status(), 200);
        answered += 1;
        peak = peak.max(memory_kb(&site.server));
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(silent);
    assert!(answered > 20, "others were served all the while");
    let mut faults = Vec::new();
    for sender in at_work {
        let (name, wanted, status, ended) = sender.join().unwrap();
        println!("{name}: {status:?} after {ended:?}");
        if !status.is_some_and(|status| wanted.contains(&status)) || ended > Duration::from_secs(50) {
            faults.push(format!("{name}: {status:?} after {ended:?}, not {wanted:?}"));
        }
    }
    if let (Some(before), Some(peak)) = (before, peak) {
        println!("{before} KiB before, {peak} KiB at the most");
        if peak > before + GROWTH_LIMIT_KB {
            faults.push(format!("grew from {before} to {peak} KiB"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(site.server.stop(), 0);
}
