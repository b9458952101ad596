//! From the start to the stop.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, bail};
use postkey::app::App;
use postkey::chance::Chance;
use postkey::config::Config;
use postkey::mailboxes::turn_store;
use postkey::serve::{self, Running};
use postkey::{setup, telemetry, users};
use postkey_simulator::{Options, SimClock, Simulator};

use crate::folder::{Folder, Mark};
use crate::people::People;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::seed::{Model, Seeder};
use crate::{Arguments, estate, hours, key, load, print, scopes, sign_ins};

/// Starts both, prepares what is not there yet, says where to go, and stops when told to.
pub(crate) async fn run(asked: Arguments) -> anyhow::Result<()> {
    check_address(asked.listen, "--listen")?;
    check_address(asked.simulator, "--simulator")?;
    let folder = Folder::open(asked.data.as_deref())?;
    let mark = Mark { seed: asked.seed, mailboxes: asked.mailboxes };
    let prepared = folder.prepared(mark)?;
    let plan = Plan::new(asked.mailboxes);
    let clock = SimClock::system();
    let (ours, following) = hours::follow(&clock);
    let estate = estate::estate(asked.seed, clock.now(), &plan);
    let simulator =
        Simulator::start(Options { listen: asked.simulator, estate, clock: clock.clone(), seed: None, tls: None })
            .await?;
    let config = config(asked.listen, &folder, &simulator)?;
    let logs = config.clone();
    let running = serve::start(config, ours, Chance::System)
        .await
        .with_context(|| format!("Postkey could not be started with the data in {}", folder.path().display()))?;
    // Its port may have been chosen just now.
    estate::register(&simulator, running.app.config.redirect_uri().as_str());
    let people = People::new(asked.seed);
    let ready = async {
        if prepared {
            estate::upload_certificates(&running.app, &simulator).await?;
            sign_ins::remember(&running.app, &simulator).await?;
        } else {
            prepare(&running.app, &simulator, &plan, &people, asked.seed).await?;
            if asked.clock == 1 {
                leave_as_they_are(&running.app).await?;
            }
            folder.mark(mark)?;
        }
        if asked.clock > 1 {
            clock.run(asked.clock);
            running.app.tasks.spawn(hours::keep_up(running.app.clone()));
        }
        running.keep();
        // Only now: the failures that were prepared are not worth a line.
        telemetry::start(&logs)?;
        print::say(&asked, &running, &simulator, &people, &folder)
    };
    let done = tokio::select! {
        done = ready => match done {
            Ok(()) => told_to_stop().await,
            failed => failed,
        },
        told = told_to_stop() => told,
    };
    stop(running, simulator, folder).await?;
    following.abort();
    done
}

/// What the product is told by its host. Nothing of the real environment, nor of a `postkey.toml` that lies about.
fn config(listen: SocketAddr, folder: &Folder, simulator: &Simulator) -> anyhow::Result<Config> {
    let settings = [
        ("POSTKEY_CONFIG", "/dev/null".to_owned()),
        ("POSTKEY_LISTEN", listen.to_string()),
        ("POSTKEY_DATA_DIR", folder.data().display().to_string()),
        ("POSTKEY_MASTER_KEY_FILE", folder.master_key().display().to_string()),
        ("POSTKEY_CLOUD", "custom".to_owned()),
        ("POSTKEY_CLOUD_NAME", "Simulated Microsoft".to_owned()),
        ("POSTKEY_CLOUD_AUTHORITY", simulator.authority()),
        ("POSTKEY_CLOUD_GRAPH", simulator.graph()),
        ("POSTKEY_ORGANISATION", "Contoso".to_owned()),
        ("POSTKEY_LOG", "postkey=warn".to_owned()),
        // Only when everything is prepared.
        ("POSTKEY_KEEPER", "off".to_owned()),
    ];
    Config::load(settings.map(|(name, value)| (name.to_owned(), value)))
}

async fn prepare(app: &App, simulator: &Simulator, plan: &Plan, people: &People, seed: u64) -> anyhow::Result<()> {
    if users::store::is_set_up(&app.db).await? {
        bail!("--data: this folder was left half prepared. Remove it, or give another one");
    }
    let progress = Progress::new(plan.living());
    let (accounts, seeded) = tokio::join!(people.make(app), seed_mailboxes(app, simulator, plan, seed, &progress));
    accounts?;
    key::make(app, seed).await?;
    sign_ins::play(app, simulator, people, &seeded?, &progress).await?;
    setup::code::forget(app);
    Ok(())
}

/// The samples stay in the states that were prepared for a day, so that there is time to look at them.
async fn leave_as_they_are(app: &App) -> anyhow::Result<()> {
    let tomorrow = app.clock.now().plus(24 * 60 * 60);
    let mut tx = app.db.begin().await?;
    for application in turn_store::due(&app.db, tomorrow).await? {
        turn_store::claim(&mut tx, &application, i64::MAX, (tomorrow, tomorrow)).await?;
    }
    Ok(tx.commit().await?)
}

async fn seed_mailboxes(
    app: &App,
    simulator: &Simulator,
    plan: &Plan,
    seed: u64,
    progress: &Progress,
) -> anyhow::Result<Vec<Model>> {
    if plan.rows.is_empty() {
        return Ok(Vec::new());
    }
    let known = simulator.estate(|estate| estate::known(estate, seed));
    let models = Seeder::new(app, simulator, plan, progress).fill(known).await?;
    scopes::play(app).await?;
    simulator.clear_requests();
    load::copy(app, plan, &models, progress).await?;
    Ok(models)
}

async fn stop(running: Running, simulator: Simulator, folder: Folder) -> anyhow::Result<()> {
    eprintln!("Stopping");
    running.stop().await;
    simulator.stop().await;
    folder.close()
}

/// Everybody knows the password, and it goes over plain http: for this machine only.
fn check_address(address: SocketAddr, option: &str) -> anyhow::Result<()> {
    if !address.ip().is_loopback() {
        bail!(
            "{option}: {address} can be reached from outside; the demo is for this machine only, so give an address such as 127.0.0.1:{}",
            address.port()
        );
    }
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => {
            let next = SocketAddr::new(address.ip(), address.port().saturating_add(10));
            bail!(
                "{option}: another program already listens on {address}. Stop it, or choose another port, for example {option} {next}"
            )
        }
        Err(cause) => Err(cause).with_context(|| format!("{option}: {address} cannot be listened on")),
    }
}

async fn told_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
    }
}
