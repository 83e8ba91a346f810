//! The command line.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::model::{Role, Scope};
use crate::auth::queries::{self, NewToken, NewUser};
use crate::auth::sealed::SealKey;
use crate::auth::{forms, passwords};
use crate::clock::Clock;
use crate::config::{BackupPlan, Config, FileConfig};
use crate::db::{Db, Target, backup};
use crate::error::Error;
use crate::mail::MailOptions;
use crate::server;
use crate::web::fields::Fields;

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
    /// Private networks that trackers and notifications may be called in, comma-separated: 10.1.0.0/16
    #[arg(long, env = "DEBRIEF_OUTBOUND_ALLOW", global = true, value_delimiter = ',')]
    outbound_allow: Option<Vec<String>>,
    /// What secrets of other programs are sealed with: 64 hexadecimal digits, as of `openssl rand -hex 32`
    /// [default: a key file beside the SQLite database]
    #[arg(long, env = "DEBRIEF_SECRET_KEY", global = true, hide_env_values = true)]
    secret_key: Option<String>,
    /// Folder for scheduled backups, each checked and restored once on trial [default: none are taken]
    #[arg(long, env = "DEBRIEF_BACKUP_DIR", global = true)]
    backup_dir: Option<PathBuf>,
    /// Hours from one backup to the next [default: 24]
    #[arg(long, env = "DEBRIEF_BACKUP_EVERY_HOURS", global = true)]
    backup_every_hours: Option<i64>,
    /// How many backups are kept [default: 14]
    #[arg(long, env = "DEBRIEF_BACKUP_KEEP", global = true)]
    backup_keep: Option<usize>,
    #[command(flatten)]
    mail: MailOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (also without any command)
    Serve,
    /// Serve a believable year of an invented company from a file of its own [default: debrief-demo.db]
    Demo {
        /// Which year is told; the same number tells the same one
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// Bring the schema up to date and stop
    Migrate,
    /// People
    #[command(subcommand)]
    User(UserCommand),
    /// API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Programs that deliver
    #[command(subcommand)]
    Source(SourceCommand),
    /// Bring in postmortems as incidents: Markdown, an export, JSON of PagerDuty, Opsgenie and incident.io, SQL dumps of
    /// Dispatch and Morgue
    Import {
        /// Files and folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Write everything as Markdown and JSON, with stable ids
    Export {
        /// A new or empty folder, or one of an earlier export
        folder: PathBuf,
    },
    /// Write a consistent copy of everything into a new file, while the server runs
    Backup {
        /// The file to make; must not exist
        file: PathBuf,
    },
    /// Fill an empty database (SQLite or PostgreSQL) from a backup
    Restore {
        /// A file made by `backup`
        file: PathBuf,
    },
    /// Rank the changes that may have caused an incident, from a file and without a database
    Suspects {
        /// JSON as docs/suspects.md describes it; - reads standard input
        #[arg(long, default_value = "-")]
        case: PathBuf,
    },
    /// Look at the wording of Markdown files and print hints; `-` reads standard input
    Wording {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// One line of JSON a file
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Look for damage and broken rules, and say what was found
    Check,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a person; the password is read from standard input, and may be empty for none
    Add {
        /// The address to sign in with
        email: String,
        /// Full name
        #[arg(long)]
        name: String,
        /// admin, member or viewer
        #[arg(long, default_value = "member")]
        role: String,
        /// Time zone such as Europe/Berlin
        #[arg(long, default_value = "UTC")]
        zone: String,
    },
}

#[derive(Debug, Subcommand)]
enum SourceCommand {
    /// Add a source and print its address and secret as JSON; the secret is shown this once
    Add {
        /// Which program sends: github
        sender: String,
        /// Its name
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it; it is shown this once
    Create {
        /// Address or handle of the person in whose name it acts
        #[arg(long)]
        user: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// read, write or ingest
        #[arg(long)]
        scope: String,
        /// Days until it ends; never when left out
        #[arg(long)]
        days: Option<i64>,
    },
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
    let command = cli.command.unwrap_or(Command::Serve);
    let default_database = if matches!(command, Command::Demo { .. }) { "debrief-demo.db" } else { "debrief.db" };
    let (config, log_format) = settings(&cli.options, default_database)?;
    start_log(&log_format);
    match command {
        Command::Serve => serve(config),
        Command::Demo { seed } => demo(config, seed),
        Command::Migrate => open(&config.target).map(|_| println!("The schema is up to date.")),
        Command::Import { paths } => crate::exchange::cli::import(&open(&config.target)?, &paths, Clock::System.now()),
        Command::Export { folder } => crate::exchange::cli::export(&open(&config.target)?, &folder),
        Command::User(UserCommand::Add { email, name, role, zone }) => {
            add_user(&open(&config.target)?, [email, name, role, zone])
        }
        Command::Token(TokenCommand::Create { user, name, scope, days }) => {
            create_token(&open(&config.target)?, [user, name, scope], days)
        }
        Command::Source(SourceCommand::Add { sender, name }) => {
            let db = open(&config.target)?;
            let line = crate::hooks::cli::add_source(&db, &config, &sender, &name, Clock::System.now())?;
            println!("{line}");
            Ok(())
        }
        Command::Backup { file } => backup::write(&open(&config.target)?, &file)
            .map(|rows| println!("{} holds {rows} rows and was checked.", file.display())),
        Command::Restore { file } => backup::restore(&open(&config.target)?, &file)
            .map(|rows| println!("Restored {rows} rows from {}.", file.display())),
        Command::Suspects { case } => crate::suspects::cli::rank_file(&case).map(|json| println!("{json}")),
        Command::Wording { files, json } => {
            let form = if json { crate::wording::cli::Form::Json } else { crate::wording::cli::Form::Lines };
            crate::wording::cli::look(&files, form)
        }
        Command::Openapi => {
            let json =
                serde_json::to_string_pretty(&crate::api::openapi::document()).map_err(|error| error.to_string())?;
            println!("{json}");
            Ok(())
        }
        Command::Check => check(&open(&config.target)?),
    }
}

fn settings(options: &Options, default_database: &str) -> Result<(Config, String), String> {
    let file = match &options.config {
        Some(path) => FileConfig::read(path)?,
        None => FileConfig::default(),
    };
    let file_mail = file.mail();
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
    let outbound_allow = options
        .outbound_allow
        .clone()
        .or(file.outbound_allow)
        .unwrap_or_default()
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let secret_key = options.secret_key.clone().or(file.secret_key).map(|text| SealKey::parse(&text)).transpose()?;
    let mail = options.mail.clone().or(file_mail).check()?;
    let backups = BackupPlan::new(
        options.backup_dir.clone().or(file.backup_dir),
        options.backup_every_hours.or(file.backup_every_hours).unwrap_or(BackupPlan::EVERY_H),
        options.backup_keep.or(file.backup_keep).unwrap_or(BackupPlan::KEEP_COUNT),
    )?;
    let config = Config {
        mail,
        backups,
        outbound_allow,
        secret_key,
        target: Target::parse(&pick(&options.database_url, file.database_url, default_database)),
        bind,
        base_url: base_url.trim_end_matches('/').to_owned(),
        trusted_proxies,
    };
    Ok((config, pick(&options.log_format, file.log_format, "text")))
}

fn start_log(format: &str) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("DEBRIEF_LOG").unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    // Colours are for people: a file or a journal would keep their marks as letters.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first log.
    let _ = if format == "json" { log.json().try_init() } else { log.try_init() };
}

fn open(target: &Target) -> Result<Db, String> {
    Db::open(target).map_err(|error| error.to_string())
}

/// Errors of a command as one sentence, with every field's.
fn sentence(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => {
            fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

fn add_user(db: &Db, [email, name, role, zone]: [String; 4]) -> Result<(), String> {
    let role: Role = role.parse().map_err(|error| format!("--role: {error}"))?;
    let mut password = String::new();
    std::io::stdin().read_line(&mut password).map_err(|error| format!("The password cannot be read: {error}."))?;
    let password = password.trim_end_matches(['\n', '\r']).to_owned();
    let typed = [("email", email), ("name", name), ("zone", zone), ("password", password)];
    let fields = Fields::prefilled(typed.iter().map(|(field, text)| (*field, text.clone())));
    let user = if fields.some("password").is_some() {
        let account = forms::account(&fields, role).map_err(|error| sentence(&error))?;
        let hash = passwords::hash(&account.password).map_err(|error| sentence(&error))?;
        NewUser { password_hash: Some(hash), ..account.user }
    } else {
        forms::person(&fields, role).map_err(|error| sentence(&error))?
    };
    let (actor, now) = (Actor::program("command line"), Clock::System.now());
    db.write_blocking(|c| queries::add_user(c, &actor, &user, now)).map_err(|error| sentence(&error))?;
    println!("{} may sign in as {}.", user.name, user.email);
    Ok(())
}

fn create_token(db: &Db, [user, name, scope]: [String; 3], days: Option<i64>) -> Result<(), String> {
    let scope: Scope = scope.parse().map_err(|error| format!("--scope: {error}"))?;
    if days.is_some_and(|days| !(1..=3650).contains(&days)) {
        return Err("--days takes a number from 1 to 3650.".to_owned());
    }
    let (actor, now) = (Actor::program("command line"), Clock::System.now());
    let token = db
        .write_blocking(|c| {
            let owner = queries::by_email_or_handle(c, &user)?.ok_or_else(|| Error::no("person", &user))?;
            let expires_at = days.map(|days| now.plus_s(days * 86_400));
            queries::add_token(c, &actor, &NewToken { user_id: owner.id, name: name.clone(), scope, expires_at }, now)
        })
        .map_err(|error| sentence(&error))?;
    println!("{token}");
    Ok(())
}

fn check(db: &Db) -> Result<(), String> {
    let faults = db.read_blocking(crate::db::check::faults).map_err(|error| sentence(&error))?;
    if faults.is_empty() {
        println!("Everything is in order.");
        return Ok(());
    }
    for fault in &faults {
        println!("{fault}");
    }
    Err(format!("{} things are not in order. Restore a backup, or ask for help with the lines above.", faults.len()))
}

fn serve(config: Config) -> Result<(), String> {
    let app = App::new(open(&config.target)?, Clock::System, config);
    let base_url = app.config.base_url.clone();
    actix_web::rt::System::new().block_on(server::serve(app, move |_| {
        println!("Debrief is ready at {base_url}");
    }))
}

fn demo(config: Config, seed: u64) -> Result<(), String> {
    let db = open(&config.target)?;
    let welcome = crate::demo::welcome(&db, seed, Clock::System.now()).map_err(|error| sentence(&error))?;
    let app = App::new(db, Clock::System, config);
    let base_url = app.config.base_url.clone();
    actix_web::rt::System::new().block_on(server::serve(app, move |_| {
        println!("Debrief is ready at {base_url}");
        println!("Sign in with this link, once and within a day: {base_url}/sign-in/{}", welcome.token);
        if let Some(password) = &welcome.password {
            println!("or sign in as {} with the password {password}", welcome.email);
        } else if welcome.seed != seed.to_string() {
            println!("The database held the demo of seed {} already; it is used as it is.", welcome.seed);
        }
        // Who reads a pipe waits for the link; a closed pipe is no reason not to serve.
        let _ = std::io::stdout().flush();
    }))
}
