//! The real product on a port of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use postkey::app::App;
use postkey::chance::Chance;
use postkey::clock::{Clock, UnixTime};
use postkey::config::{Config, CustomCloud, PasswordCost};
use postkey::serve::{self, Running};
use postkey_simulator::{Application, Estate, Options, SimClock, Simulator};
use tempfile::TempDir;

use super::database::forget;
use super::{Browser, Engine};

/// Monday, 23 November 2026, 12:00:00 UTC.
pub(crate) const NOON: i64 = 1_795_435_200;
pub(crate) const EMAIL: &str = "ana@contoso.example";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The product, Microsoft's stand-in, and the clock of both.
pub(crate) struct TestApp {
    pub(crate) sim: Simulator,
    pub(crate) clock: Clock,
    pub(crate) url: String,
    pub(crate) setup_code: String,
    pub(crate) home: TempDir,
    /// Seconds by which the product's clock is ahead of Microsoft's.
    ahead: Arc<AtomicI64>,
    running: Running,
}

impl TestApp {
    /// On SQLite, which every test can have.
    pub(crate) async fn start() -> Self {
        Self::on(Engine::Sqlite).await
    }

    pub(crate) async fn on(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// With another configuration.
    pub(crate) async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::standing_at(UnixTime::from_seconds(NOON));
        let ahead = Arc::default();
        let estate = Estate::sample(1, jiff::Timestamp::from_second(NOON).unwrap());
        let options = Options { estate, clock: following(&clock, &ahead), seed: Some(1), ..Options::default() };
        let sim = Simulator::start(options).await.unwrap();
        let home = TempDir::new().unwrap();
        let mut config = config(&home, &sim, engine).await;
        change(&mut config);
        let running = serve::start(config, clock.clone(), Chance::System).await.unwrap();
        let url = running.app.config.public_url.as_str().trim_end_matches('/').to_owned();
        let setup_code = running.setup_code.clone().unwrap_or_default();
        let app = Self { sim, clock, url, setup_code, home, ahead, running };
        app.register();
        app
    }

    /// Registers the redirect URI on every application of the simulator, as people do in Entra.
    fn register(&self) {
        let address = self.running.app.config.redirect_uri().to_string();
        self.sim.estate(|estate| {
            let names: Vec<String> = estate.applications().iter().map(|it| it.client_id.to_string()).collect();
            for name in names {
                estate.sign_in_mut(&name).unwrap().redirect_uris.insert(address.clone());
            }
        });
    }

    /// The inside, for what no page shows.
    pub(crate) fn inside(&self) -> &App {
        &self.running.app
    }

    /// Where it listens, whatever it is called.
    pub(crate) fn listens_on(&self) -> std::net::SocketAddr {
        self.running.address
    }

    /// Somebody without a cookie.
    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// The owner, signed in. Makes the account at the first call.
    pub(crate) async fn owner(&self) -> Browser {
        let browser = self.stranger();
        let setup = browser.get("/setup").await;
        if setup.status == 200 {
            let typed =
                [("code", self.setup_code.as_str()), ("name", "Ana Ruiz"), ("email", EMAIL), ("password", PASSWORD)];
            browser.submit(&setup, "/setup", &typed).await.expect_redirect("/?done=welcome");
            return browser;
        }
        browser.sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
        browser
    }

    /// A sample application of the simulator.
    pub(crate) fn sample(&self, name: &str) -> Application {
        self.sim.estate(|estate| estate.application(name).cloned()).unwrap_or_else(|| panic!("there is no {name}"))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// The product's clock is set wrong by so many seconds. Microsoft's is not.
    pub(crate) fn jump(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
        self.clock.advance(seconds);
    }

    /// Stops both, and waits until nothing of them runs any more.
    pub(crate) async fn stop(self) {
        let database = self.running.app.config.database.clone();
        let stopped = tokio::time::timeout(Duration::from_secs(20), self.running.stop()).await;
        assert!(stopped.is_ok(), "Postkey did not stop");
        self.sim.stop().await;
        forget(&database).await;
    }

    /// Another process of the product on the same PostgreSQL, with a clock that goes along.
    pub(crate) async fn replica(&self) -> Running {
        let home = self.home.path().join("replica");
        let config = (*self.running.app.config).clone();
        let listen = "127.0.0.1:0".parse().unwrap();
        let public_url = "http://127.0.0.1:0".parse().unwrap();
        let config = Config { listen, public_url, data_dir: home, ..config };
        serve::start(config, self.clock.clone(), Chance::System).await.unwrap()
    }

    /// Stops the product and starts it again on the same data.
    pub(crate) async fn restart(self) -> Self {
        let Self { sim, clock, home, ahead, running, setup_code, .. } = self;
        let config = Config { listen: running.address, ..(*running.app.config).clone() };
        running.stop().await;
        let running = serve::start(config, clock.clone(), Chance::System).await.unwrap();
        let url = running.app.config.public_url.as_str().trim_end_matches('/').to_owned();
        Self { sim, clock, url, setup_code, home, ahead, running }
    }
}

fn following(clock: &Clock, ahead: &Arc<AtomicI64>) -> SimClock {
    let (clock, ahead) = (clock.clone(), ahead.clone());
    SimClock::following(move || {
        jiff::Timestamp::from_second(clock.now().seconds() - ahead.load(Ordering::SeqCst)).unwrap()
    })
}

/// The configuration of a product in `home` that takes `sim` for Microsoft.
pub(crate) async fn config(home: &TempDir, sim: &Simulator, engine: Engine) -> Config {
    let environment = [
        ("HOME", home.path().to_str().unwrap()),
        ("POSTKEY_CONFIG", "/dev/null"),
        ("POSTKEY_LISTEN", "127.0.0.1:0"),
        ("POSTKEY_TIME_ZONE", "Europe/Madrid"),
        ("POSTKEY_LOG", "error"),
        // Most tests are about something else, and count requests.
        ("POSTKEY_KEEPER", "off"),
    ];
    let config = Config::load(environment.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    Config {
        database: engine.fresh().await,
        password_cost: PasswordCost::FLOOR,
        custom_cloud: Some(CustomCloud {
            name: "Simulated Microsoft".to_owned(),
            authority: sim.authority().parse().unwrap(),
            graph: sim.graph().parse().unwrap(),
        }),
        ..config
    }
}
