//! Accepts connections and ends them.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Asks connections to finish, then makes them.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    finish: CancellationToken,
    drop: CancellationToken,
    connections: TaskTracker,
}

impl Stop {
    /// How long answers under way may take once the simulator stops.
    const GRACE: Duration = Duration::from_millis(500);

    /// Returns when the port is free and no connection is left.
    pub(crate) async fn stop(&self) {
        self.finish.cancel();
        self.connections.close();
        if tokio::time::timeout(Self::GRACE, self.connections.wait()).await.is_err() {
            self.drop.cancel();
            self.connections.wait().await;
        }
    }

    /// Lets everything end soon, without waiting for it.
    pub(crate) fn abandon(&self) {
        self.finish.cancel();
        self.drop.cancel();
    }
}

/// Serves until stopped.
pub(crate) fn serve(listener: TcpListener, tls: Option<Arc<rustls::ServerConfig>>, router: Router, stop: &Stop) {
    let acceptor = tls.map(TlsAcceptor::from);
    let own = stop.clone();
    stop.connections.spawn(async move {
        while let Some(accepted) = own.finish.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    let connection = greet(stream, acceptor.clone(), router.clone(), own.finish.clone());
                    let drop = own.drop.clone();
                    own.connections.spawn(async move { drop.run_until_cancelled(connection).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
}

async fn greet(stream: TcpStream, acceptor: Option<TlsAcceptor>, router: Router, finish: CancellationToken) {
    // Without it, small answers wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => talk(stream, router, finish).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => talk(stream, router, finish).await,
            Err(error) => tracing::debug!(%error, "a TLS handshake failed"),
        },
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router, finish: CancellationToken) {
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = finish.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
