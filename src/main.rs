//! The program `debrief`; see `debrief help`.

use std::process::ExitCode;

/// Pages are made of many short-lived pieces, also inside SQLite: glibc's allocator took a fifth of a page's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    debrief::cli::run()
}
