//! The `postkey` command: parses, calls, prints, exits.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use postkey::app::App;
use postkey::chance::Chance;
use postkey::clock::Clock;
use postkey::config::Config;
use postkey::ids::{KeyId, UserId};
use postkey::keys::form::{NewKey, name as key_name};
use postkey::keys::{self, Reach, Right};
use postkey::secrets::MasterKeyError;
use postkey::users::{Role, User, password, store, user};
use postkey::{admin_link, audit, serve, setup, sign_in, telemetry};
use secrecy::{ExposeSecret, SecretString};

/// What the shell gets for a configuration or key that cannot be used (sysexits.h, EX_CONFIG).
const UNUSABLE: u8 = 78;

/// Sets up Office 365 mailboxes and keeps their tokens alive.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the console (the default)
    Serve,
    /// Print the one-time code for the first account again
    SetupCode,
    /// Accounts, from the host (the server must be stopped when the database is SQLite)
    #[command(subcommand)]
    User(UserCommand),
    /// Keys of mail workers, from the host (the server must be stopped when the database is SQLite)
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Bring the tables up to date and exit
    Migrate,
    /// Print the version
    Version,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add an account; the password is read from standard input
    Add {
        /// E-mail address
        email: String,
        /// What the person is called
        #[arg(long)]
        name: String,
        /// viewer, operator, mailbox_administrator, application_administrator or owner
        #[arg(long, default_value = "mailbox_administrator")]
        role: String,
    },
    /// Set a new password, read from standard input, and end all sessions of the account
    Reset {
        /// E-mail address
        email: String,
    },
    /// List accounts
    List,
}

#[derive(Subcommand)]
enum ApiKeyCommand {
    /// Make a key for all mailboxes and print it, once
    Add {
        /// The worker that uses it
        name: String,
        /// It sees how mailboxes are and gets no tokens
        #[arg(long)]
        status_only: bool,
        /// How many days it is good
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// List keys
    List,
    /// End a key at once
    Revoke {
        /// Its ID, as the list shows it
        id: KeyId,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command.unwrap_or(Command::Serve)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("postkey: {cause:#}");
            let wrong_key = cause.chain().any(|cause| cause.is::<MasterKeyError>());
            let unusable = wrong_key || cause.to_string().contains("POSTKEY_");
            ExitCode::from(if unusable { UNUSABLE } else { 1 })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    if matches!(command, Command::Version) {
        println!("postkey {}", env!("CARGO_PKG_VERSION"));
        return Ok(());
    }
    let config = Config::load(std::env::vars())?;
    telemetry::start(&config)?;
    match command {
        Command::Serve => serve_until_told(config).await,
        Command::SetupCode => print_setup_code(&config),
        Command::User(command) => user_command(open(config).await?, command).await,
        Command::ApiKey(command) => api_key_command(open(config).await?, command).await,
        Command::Migrate => {
            open(config).await?;
            println!("the tables are up to date");
            Ok(())
        }
        Command::Version => Ok(()),
    }
}

async fn open(config: Config) -> anyhow::Result<App> {
    Ok(App::open(config, Clock::System, Chance::System).await?.0)
}

async fn serve_until_told(config: Config) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Listened for from the very beginning, so that who stops it at once stops it gracefully, too.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let key = config.master_key_file.display().to_string();
    let running = serve::start(config, Clock::System, Chance::System).await?;
    let address = running.app.config.public_url.as_str().trim_end_matches('/').to_owned();
    say(&format!("Postkey listens on {address}"));
    if running.made_master_key {
        say(&format!("A new master key is in {key}. Keep a copy in a safe place: without it no secret can be read."));
    }
    if let Some(code) = &running.setup_code {
        say(&format!("Make the first account at {address}/setup with this code, good for 24 hours:\n\n    {code}\n"));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    say("Stopping");
    running.stop().await;
    Ok(())
}

/// A server goes on when nobody reads what it prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn print_setup_code(config: &Config) -> anyhow::Result<()> {
    let path = setup::code::file(&config.data_dir);
    let code = std::fs::read_to_string(&path).with_context(|| {
        format!("there is no set-up code in {}. Either the first account was already made, or Postkey has not been started yet", path.display())
    })?;
    println!("{}", code.trim());
    Ok(())
}

async fn user_command(app: App, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::List => {
            for user in store::all(&app.db).await? {
                println!("{}\t{}\t{}", user.email, user.role.value(), user.name);
            }
            Ok(())
        }
        UserCommand::Add { email, name, role } => add_user(&app, email, name, &role).await,
        UserCommand::Reset { email } => reset_user(&app, &email).await,
    }
}

async fn api_key_command(app: App, command: ApiKeyCommand) -> anyhow::Result<()> {
    match command {
        ApiKeyCommand::List => {
            for key in keys::store::all(&app.db).await? {
                println!("{}\t{}\t{}\t{}", key.id, key.standing(app.clock.now()).value(), key.may.value(), key.name);
            }
        }
        ApiKeyCommand::Add { name, status_only, days } => {
            let may = if status_only { Right::Status } else { Right::Tokens };
            let name = key_name(&name).map_err(anyhow::Error::msg)?;
            let new = NewKey { name, may, reach: Reach::All, lasts: i64::from(days) * 24 * 60 * 60 };
            println!("{}", keys::add::add(&app, new, "the host").await?.1.expose_secret());
        }
        ApiKeyCommand::Revoke { id } => {
            let key = keys::store::get(&app.db, &id).await.with_context(|| format!("there is no key {id}"))?;
            let mut tx = app.db.begin().await?;
            if !keys::store::revoke(&mut tx, &id, "the host", app.clock.now()).await? {
                bail!("{} was revoked before", key.name);
            }
            note(&app, &mut tx, "api_key.revoked", id.as_str(), &key.name).await?;
            tx.commit().await?;
            println!("{} gets nothing any more", key.name);
        }
    }
    Ok(())
}

async fn add_user(app: &App, email: String, name: String, role: &str) -> anyhow::Result<()> {
    let role = Role::parse(role)
        .with_context(|| format!("{role} is no role; choose one of {}", Role::ALL.map(Role::value).join(", ")))?;
    let email = user::email(&email).map_err(anyhow::Error::msg)?;
    let hash = password::hash(app, read_password(app, &email)?).await?;
    let now = app.clock.now();
    let user = User { id: UserId::new(now, &app.chance), email, name, role };
    let mut tx = app.db.begin().await?;
    store::mark_set_up(&mut tx, now).await?;
    if !store::insert(&mut tx, &user, &hash, now).await? {
        bail!("{} already has an account", user.email);
    }
    note(app, &mut tx, "user.added", user.id.as_str(), &user.email).await?;
    tx.commit().await?;
    println!("{} can sign in now", user.email);
    Ok(())
}

async fn reset_user(app: &App, email: &str) -> anyhow::Result<()> {
    let hash = password::hash(app, read_password(app, email)?).await?;
    let mut tx = app.db.begin().await?;
    if !store::set_password(&mut tx, email, &hash).await? {
        bail!("{email} has no account");
    }
    // Whoever had the old password may have made some for themselves.
    let now = app.clock.now();
    let links = sign_in::link_store::withdraw_of(&mut tx, email, "the host", now).await?
        + admin_link::store::withdraw_of(&mut tx, email, "the host", now).await?;
    let detail = format!("from the host; open links that ended with it: {links}");
    note(app, &mut tx, "user.password_reset", email, &detail).await?;
    tx.commit().await?;
    println!("{email} has a new password. All sessions of the account have ended, and so have its open links: {links}");
    Ok(())
}

async fn note(
    app: &App,
    tx: &mut postkey::db::Tx,
    action: &'static str,
    object: &str,
    detail: &str,
) -> anyhow::Result<()> {
    let entry = audit::Entry { actor: "the host", action, object, detail };
    Ok(audit::record(tx, app, entry).await?)
}

fn read_password(app: &App, email: &str) -> anyhow::Result<SecretString> {
    if std::io::stdin().is_terminal() {
        print!("New password (it is shown as you type): ");
        std::io::stdout().flush()?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned());
    password::acceptable(&password, email, &app.config.company()).map_err(anyhow::Error::msg)?;
    Ok(password)
}
