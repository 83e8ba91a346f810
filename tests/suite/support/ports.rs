//! Ports for the programs that a test starts.

use std::net::TcpListener;

/// Below what a kernel hands out by itself: a port from there may go to any connection of another
/// test between this look and the start of the program.
const OWN: std::ops::Range<u16> = 10_240..32_000;

/// A port of this machine that nobody listens on.
pub fn free_port() -> u16 {
    loop {
        let drawn = u16::from_str_radix(&debrief::auth::secrets::random_hex(2), 16).unwrap();
        let port = OWN.start + drawn % (OWN.end - OWN.start);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
