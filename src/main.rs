//! The program `debrief`; see `debrief help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    debrief::cli::run()
}
