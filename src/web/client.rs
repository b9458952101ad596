//! Which address a request comes from. A header is believed only from a proxy that the host named (S-75).

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::app::App;
use crate::error::AppError;

/// The address that asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip().to_canonical())
            .ok_or_else(|| AppError::internal(anyhow::anyhow!("the server gave no peer address")))?;
        let named = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
        Ok(Self(last_untrusted(peer, &chain, &app.config.trusted_proxies)))
    }
}

/// Walks back from the peer through proxies we trust to the first address that we must take their word for.
fn last_untrusted(peer: IpAddr, chain: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer;
    for hop in chain.iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        let Ok(next) = hop.parse::<IpAddr>() else { break };
        client = next.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_cannot_choose_the_address_that_is_counted() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxy = ip("10.0.0.1");
        assert_eq!(last_untrusted(ip("203.0.113.9"), &["198.51.100.1"], &[proxy]), ip("203.0.113.9"));
        assert_eq!(last_untrusted(proxy, &["198.51.100.1"], &[proxy]), ip("198.51.100.1"));
        assert_eq!(last_untrusted(proxy, &["1.1.1.1", "198.51.100.1"], &[proxy]), ip("198.51.100.1"));
        assert_eq!(last_untrusted(proxy, &["not an address"], &[proxy]), proxy);
    }
}
