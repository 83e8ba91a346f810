//! What `bin/bench` measures against and with, beside the load generator for pages.
//!
//! `serve FILE ADDRESS` answers everything with the bytes of FILE (an answer with its head, as curl -i writes it) from
//! memory: the ceiling of pages. `commits DATABASE SECONDS [RATE]` makes one durable commit after the other: the ceiling
//! of writes. `hooks ADDRESS CLIENTS SECONDS [RATE]` delivers signed hooks. With a rate, each has its set time, and is
//! counted from when it should have begun.

mod commits;
mod hooks;
mod serve;
mod times;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", file, address] => serve::serve(file, address),
        ["commits", database, seconds] => commits::measure(database, number(seconds)?, 0),
        ["commits", database, seconds, rate] => commits::measure(database, number(seconds)?, number(rate)?),
        ["hooks", address, clients, seconds] => hooks::deliver(address, number(clients)?, number(seconds)?, 0),
        ["hooks", address, clients, seconds, rate] => {
            hooks::deliver(address, number(clients)?, number(seconds)?, number(rate)?)
        }
        _ => Err("Write it as: bench_load serve FILE ADDRESS | commits DATABASE SECONDS [RATE] | hooks ADDRESS CLIENTS SECONDS [RATE]".to_owned()),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no whole number."))
}
