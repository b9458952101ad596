//! The server: listener with deadlines, housekeeping, graceful stop.
//!
//! hyper is driven directly because `axum::serve` sets no deadline for headers, so that a half-sent header would hold a
//! connection for ever (S-80). HTTP/1 only: what floods HTTP/2 cannot happen here (S-82).

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::app::App;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::users::throttle;
use crate::web::session_store::Sessions;
use crate::{mailboxes, routes, setup};

/// How long a client may take to send its headers, and how long a kept-alive connection may be silent.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Connections at once, in all and from one address.
const MOST_CONNECTIONS: usize = 1_024;
const MOST_PER_ADDRESS: usize = 64;
/// How long a stop waits for what is under way.
const STOP_DEADLINE: Duration = Duration::from_secs(30);
/// How often old rows are removed and the data key is looked after.
const HOUSEKEEPING: Duration = Duration::from_secs(15 * 60);

/// A server that runs until it is told to stop.
#[derive(Debug)]
pub struct Running {
    /// The product it serves.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    /// The set-up code, if the first account was not made yet.
    pub setup_code: Option<String>,
    /// Where the master key was made, if it was made just now.
    pub made_master_key: bool,
}

/// Starts serving and returns at once.
///
/// # Errors
/// If the configuration, the key, the database or the listening address is not usable.
pub async fn start(mut config: Config, clock: Clock, chance: Chance) -> anyhow::Result<Running> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("POSTKEY_LISTEN: {} cannot be listened on", config.listen))?;
    let address = listener.local_addr()?;
    if config.public_url.port() == Some(0) {
        let _ = config.public_url.set_port(Some(address.port()));
    }
    let (app, made_master_key) = App::open(config, clock, chance).await?;
    mailboxes::check::forget_interrupted(&app).await?;
    let setup_code = setup::code::renew(&app).await?;
    let router = routes::router(app.clone());
    app.tasks.spawn(accept(listener, router, app.clone()));
    app.tasks.spawn(keep_house(app.clone()));
    Ok(Running { app, address, setup_code, made_master_key })
}

impl Running {
    /// Stops: no new connections, what is under way ends, at the latest after 30 seconds.
    pub async fn stop(self) {
        self.app.stopping.cancel();
        self.app.tasks.close();
        if tokio::time::timeout(STOP_DEADLINE, self.app.tasks.wait()).await.is_err() {
            tracing::warn!(seconds = STOP_DEADLINE.as_secs(), "stopped with work still under way");
        }
        self.app.db.close().await;
    }
}

async fn accept(listener: TcpListener, router: Router, app: App) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let crowd = Crowd::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.stopping.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                // Out of file handles: waiting is all that helps, and a tight loop would make it worse.
                tracing::warn!(%cause, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (Ok(place), Some(seat)) = (places.clone().try_acquire_owned(), crowd.enter(peer.ip())) else {
            drop(stream);
            continue;
        };
        let (router, app_of_task) = (router.clone(), app.clone());
        app.tasks.spawn(async move {
            converse(stream, peer, router, app_of_task).await;
            drop((place, seat));
        });
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, app: App) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = app.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn keep_house(app: App) {
    let sessions = Sessions::new(app.db.clone(), app.clock.clone());
    loop {
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            () = app.stopping.cancelled() => return,
        }
        let now = app.clock.now();
        let done = [
            sessions.sweep().await,
            throttle::sweep(&app).await,
            app.keyring.tend(&app.db, now, &app.chance).await,
            mailboxes::store::erase_deleted(&app).await,
        ];
        for failure in done.into_iter().filter_map(Result::err) {
            tracing::warn!(cause = %failure, "housekeeping was put off");
        }
    }
}

/// How many connections each address has now.
#[derive(Clone, Default)]
struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

struct Seat {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    fn enter(&self, address: IpAddr) -> Option<Seat> {
        let mut counts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= MOST_PER_ADDRESS && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Seat { crowd: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.crowd.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
