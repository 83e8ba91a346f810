//! The same bytes from memory, by a bare handler.

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: web::Bytes,
}

pub fn serve(file: &str, address: &str) -> Result<(), String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("That is no answer with a head.")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or("It has no status.")?;
    let answer = Answer {
        status,
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| {
                !matches!(name.to_ascii_lowercase().as_str(), "content-length" | "date" | "transfer-encoding")
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: web::Bytes::copy_from_slice(&bytes[end + 4..]),
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let server = HttpServer::new(move || {
        let answer = answer.clone();
        App::new().default_service(web::to(move || {
            let answer = answer.clone();
            async move {
                let mut response = HttpResponse::build(answer.status);
                for (name, value) in &answer.headers {
                    response.append_header((name.as_str(), value.as_str()));
                }
                response.body(answer.body)
            }
        }))
    })
    .workers(workers)
    .bind(address)
    .map_err(|error| error.to_string())?;
    actix_web::rt::System::new().block_on(server.run()).map_err(|error| error.to_string())
}
