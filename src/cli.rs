//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, FileConfig};
use crate::db::{Db, Target};
use crate::server;

/// Incidents, deploys, blameless postmortems, and action items carried to a verified end.
#[derive(Debug, Parser)]
#[command(name = "debrief", version)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings that every command understands.
#[derive(Debug, Args, Clone)]
struct Options {
    /// SQLite path or postgres:// address [default: debrief.db]
    #[arg(long, env = "DEBRIEF_DATABASE_URL", global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "DEBRIEF_BIND", global = true)]
    bind: Option<String>,
    /// The address that people use [default: http://<bind>]
    #[arg(long, env = "DEBRIEF_BASE_URL", global = true)]
    base_url: Option<String>,
    /// Settings file (TOML)
    #[arg(long, env = "DEBRIEF_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// How log lines look: text or json [default: text]
    #[arg(long, env = "DEBRIEF_LOG_FORMAT", global = true)]
    log_format: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, comma-separated addresses
    #[arg(long, env = "DEBRIEF_TRUSTED_PROXIES", global = true, value_delimiter = ',')]
    trusted_proxies: Option<Vec<String>>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (also without any command)
    Serve,
    /// Bring the schema up to date and stop
    Migrate,
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("debrief: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<(), String> {
    let (config, log_format) = settings(&cli.options)?;
    start_log(&log_format);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(config),
        Command::Migrate => open(&config.target).map(|_| println!("The schema is up to date.")),
    }
}

fn settings(options: &Options) -> Result<(Config, String), String> {
    let file = match &options.config {
        Some(path) => FileConfig::read(path)?,
        None => FileConfig::default(),
    };
    let pick = |flag: &Option<String>, file: Option<String>, default: &str| {
        flag.clone().or(file).unwrap_or_else(|| default.to_owned())
    };
    let bind_text = pick(&options.bind, file.bind, "127.0.0.1:8080");
    let bind = bind_text
        .parse()
        .map_err(|_| format!("'{bind_text}' is no address to listen on. Write it as 127.0.0.1:8080 or [::]:8080."))?;
    let base_url = pick(&options.base_url, file.base_url, &format!("http://{bind_text}"));
    if !crate::web::fields::is_web_address(&base_url) {
        return Err(format!("'{base_url}' is no base URL. Write it as https://debrief.example.org."));
    }
    let trusted_proxies = options
        .trusted_proxies
        .clone()
        .or(file.trusted_proxies)
        .unwrap_or_default()
        .iter()
        .map(|text| text.trim().parse().map_err(|_| format!("'{text}' is no IP address of a proxy.")))
        .collect::<Result<_, _>>()?;
    let config = Config {
        target: Target::parse(&pick(&options.database_url, file.database_url, "debrief.db")),
        bind,
        base_url: base_url.trim_end_matches('/').to_owned(),
        trusted_proxies,
    };
    Ok((config, pick(&options.log_format, file.log_format, "text")))
}

fn start_log(format: &str) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("DEBRIEF_LOG").unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = if format == "json" { log.json().try_init() } else { log.try_init() };
}

fn open(target: &Target) -> Result<Db, String> {
    Db::open(target).map_err(|error| error.to_string())
}

fn serve(config: Config) -> Result<(), String> {
    let app = App::new(open(&config.target)?, Clock::System, config);
    let base_url = app.config.base_url.clone();
    actix_web::rt::System::new().block_on(server::serve(app, move |_| {
        println!("Debrief is ready at {base_url}");
    }))
}
