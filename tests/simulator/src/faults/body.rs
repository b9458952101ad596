//! Response bodies that come slowly, never, or not whole.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::Frame;
use tokio::time::{Interval, interval};

/// How a body ends after its last piece.
pub(super) enum End {
    Complete,
    /// It never does.
    Hang,
    /// The connection is closed.
    Break,
}

/// Pieces, one each `pace` (or at once), and an end.
struct Pieces {
    pieces: Box<dyn Iterator<Item = Bytes> + Send>,
    pace: Option<Interval>,
    end: End,
}

/// A body of these pieces.
pub(super) fn pieces(pieces: impl Iterator<Item = Bytes> + Send + 'static, pace: Option<Duration>, end: End) -> Body {
    // Without a pause the connection would break before anything of the answer was written.
    let pause = matches!(end, End::Break).then_some(Duration::from_millis(50));
    Body::new(Pieces { pieces: Box::new(pieces), pace: pace.or(pause).map(interval), end })
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(pace) = &mut self.pace {
            ready!(pace.poll_tick(cx));
        }
        match (self.pieces.next(), &self.end) {
            (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            (None, End::Complete) => Poll::Ready(None),
            (None, End::Hang) => Poll::Pending,
            (None, End::Break) => Poll::Ready(Some(Err(io::Error::other("closed on purpose")))),
        }
    }
}
