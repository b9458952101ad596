//! The server: listener with deadlines, housekeeping, graceful stop.
//!
//! hyper is driven directly because `axum::serve` sets no deadline for headers, so that a half-sent header would hold a
//! connection for ever (S-80). HTTP/1 only: what floods HTTP/2 cannot happen here (S-82).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Sleep;
use tower::ServiceExt;

use crate::app::App;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::crowd::Crowd;
use crate::users::throttle;
use crate::web::session_store::Sessions;
use crate::{admin_link, alerts, api, applications, expiry, mailboxes, problems, routes, setup, sign_in, tokens};

/// How long a stop waits for what is under way.
const STOP_DEADLINE: Duration = Duration::from_secs(30);
/// How long closing the database may take after that.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);
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
pub async fn start(config: Config, clock: Clock, chance: Chance) -> anyhow::Result<Running> {
    // Key and data come first: with a wrong key no port may open, not even for a moment (S-04).
    let (mut app, made_master_key) = App::open(config, clock, chance).await?;
    let listen = app.config.listen;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("POSTKEY_LISTEN: {listen} cannot be listened on"))?;
    let address = listener.local_addr()?;
    if app.config.public_url.port() == Some(0) {
        let _ = Arc::make_mut(&mut app.config).public_url.set_port(Some(address.port()));
    }
    mailboxes::check::forget_interrupted(&app).await?;
    tokens::refresher::free_interrupted(&app).await?;
    alerts::send::free_interrupted(&app).await?;
    problems::watch::free_interrupted(&app).await?;
    let setup_code = setup::code::renew(&app).await?;
    let desk = api::Desk::open(&app);
    let router = routes::router(app.clone(), desk.clone());
    app.tasks.spawn(api::keep(app.clone(), desk));
    app.tasks.spawn(accept(listener, router, app.clone()));
    app.tasks.spawn(mailboxes::mended::follow(app.clone(), app.mended.subscribe()));
    app.tasks.spawn(keep_house(app.clone()));
    let keeps = app.config.keeper;
    let running = Running { app, address, setup_code, made_master_key };
    if keeps {
        running.keep();
    }
    Ok(running)
}

impl Running {
    /// Starts what is done without anybody asking: renewals and rounds of checks.
    pub fn keep(&self) {
        let now = self.app.clock.now();
        for beat in [&self.app.beat, &self.app.checks_beat, &self.app.watch_beat] {
            beat.send_modify(|beat| beat.begin(now));
        }
        self.app.tasks.spawn(tokens::refresher::keep(self.app.clone()));
        self.app.tasks.spawn(mailboxes::rounds::go(self.app.clone()));
        self.app.tasks.spawn(problems::watch::go(self.app.clone()));
        self.app.tasks.spawn(expiry::warn::go(self.app.clone()));
        self.app.tasks.spawn(alerts::send::go(self.app.clone()));
        self.app.tasks.spawn(applications::scope_rounds::go(self.app.clone()));
    }

    /// Stops: no new connections, what is under way ends, at the latest after 30 seconds.
    pub async fn stop(self) {
        self.app.stopping.cancel();
        self.app.tasks.close();
        if tokio::time::timeout(STOP_DEADLINE, self.app.tasks.wait()).await.is_err() {
            tracing::warn!(seconds = STOP_DEADLINE.as_secs(), "stopped with work still under way");
        }
        if tokio::time::timeout(CLOSE_DEADLINE, self.app.db.close()).await.is_err() {
            tracing::warn!(seconds = CLOSE_DEADLINE.as_secs(), "the database was still busy and was left as it is");
        }
    }
}

async fn accept(listener: TcpListener, router: Router, app: App) {
    let places = Arc::new(Semaphore::new(app.config.places.all));
    let crowd = Crowd::new(&app.config);
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
    let line = Line { stream, patience: app.config.deadlines.reader, stuck: None };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.deadlines.header)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(line), service);
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
            mailboxes::past::sweep(&app).await,
            tokens::renewals::sweep(&app).await,
            sign_in::sweep(&app).await,
            admin_link::sweep(&app).await,
            problems::store::sweep(&app).await,
            alerts::outbox_store::sweep(&app).await,
            applications::scope_turn_store::sweep(&app).await,
            api::sweep(&app).await,
            app.db.tidy().await,
        ];
        for failure in done.into_iter().filter_map(Result::err) {
            tracing::warn!(cause = %failure.chain(), "housekeeping was put off");
        }
    }
}

/// A connection whose other end must take what is sent to it: one that only asks and never reads is cut off.
struct Line {
    stream: TcpStream,
    patience: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Line {
    fn in_time<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stuck = None;
            return polled;
        }
        let patience = self.patience;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stuck.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.in_time(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
