//! How a connection failed, read from the chain of causes under a [`reqwest::Error`].

use std::error::Error;
use std::io;

use crate::words::Transport;

/// Names the way in which a request got no answer, or lost it on the way.
pub(super) fn kind(error: &reqwest::Error) -> Transport {
    if error.is_timeout() {
        return Transport::Timeout;
    }
    let mut broken = None;
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if inner.is::<rustls::Error>() {
            return Transport::Tls;
        }
        // The connector's error type is private; its text is all there is to tell a failed look-up.
        if error.is_connect() && inner.to_string().starts_with("dns error") {
            return Transport::Dns;
        }
        cause = match inner.downcast_ref::<io::Error>() {
            Some(io) => {
                broken = broken.or_else(|| of_io(io.kind()));
                // An `io::Error` shows what it wraps only here: its `source` skips one level.
                io.get_ref().map(|wrapped| wrapped as &(dyn Error + 'static))
            }
            None => inner.source(),
        };
    }
    match broken {
        Some(kind) => kind,
        None if error.is_connect() => Transport::Refused,
        None if error.is_body() || error.is_decode() => Transport::Truncated,
        None => Transport::Reset,
    }
}

fn of_io(kind: io::ErrorKind) -> Option<Transport> {
    match kind {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => Some(Transport::Refused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            Some(Transport::Reset)
        }
        io::ErrorKind::UnexpectedEof => Some(Transport::Truncated),
        io::ErrorKind::TimedOut => Some(Transport::Timeout),
        _ => None,
    }
}
