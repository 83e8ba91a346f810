//! Signed deliveries of GitHub, each with an id of its own, over connections that stay open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::times::{Times, due};

/// As `bench_world` writes it.
const SECRET: &[u8] = b"bench-secret";
const PATH: &str = "/hooks/github/bench";

static NEXT: AtomicU64 = AtomicU64::new(0);

pub fn deliver(address: &str, clients: u64, seconds: u64, rate: u64) -> Result<(), String> {
    let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let start = Instant::now() + Duration::from_millis(100);
    let end = start + Duration::from_secs(seconds);
    let threads: Vec<_> = (0..clients)
        .map(|_| {
            let address = address.to_owned();
            std::thread::spawn(move || client(&address, run, (start, end), rate))
        })
        .collect();
    let mut times = Times::default();
    let mut refused = 0;
    for thread in threads {
        let (own, others) = thread.join().map_err(|_| "a client stopped".to_owned())??;
        times.join(own);
        refused += others;
    }
    let more = format!("\"refused\": {refused}, ");
    println!("{}", times.summary(Duration::from_secs(seconds), "acknowledged_a_second", &more));
    Ok(())
}

/// How long each acknowledged delivery took, and how many were refused.
fn client(address: &str, run: u64, (start, end): (Instant, Instant), rate: u64) -> Result<(Times, u64), String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(address).map_err(told)?;
    stream.set_nodelay(true).map_err(told)?;
    let mut reader = BufReader::new(stream.try_clone().map_err(told)?);
    let (mut times, mut refused) = (Times::default(), 0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let request = request(run, number);
        let due = due(start, number, rate);
        if due >= end {
            return Ok((times, refused));
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.write_all(&request).map_err(told)?;
        match answer(&mut reader)? {
            200..=299 => times.add(due),
            _ => refused += 1,
        }
    }
}

fn request(run: u64, number: u64) -> Vec<u8> {
    let body = format!(
        "{{\"action\":\"created\",\"deployment\":{{\"id\":{run}{number},\"ref\":\"main\",\"sha\":\"{number:040x}\",\"environment\":\"production\"}},\
         \"deployment_status\":{{\"id\":{number},\"state\":\"in_progress\"}},\"repository\":{{\"full_name\":\"example/service-1\",\
         \"html_url\":\"https://git.example.org/example/service-1\"}},\"sender\":{{\"login\":\"person-1\"}},\"padding\":\"{}\"}}",
        "x".repeat(400)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("a key of any length will do");
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: debrief\r\nContent-Type: application/json\r\nX-GitHub-Event: deployment_status\r\n\
         X-GitHub-Delivery: {run}-{number}\r\nX-Hub-Signature-256: sha256={signature}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn answer(reader: &mut BufReader<TcpStream>) -> Result<u16, String> {
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
            return Err("the server closed the connection".to_owned());
        }
        if status == 0 {
            status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or("that is no answer")?;
        } else if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| "that is no length")?;
            }
        } else if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).map_err(|error| error.to_string())?;
    Ok(status)
}
