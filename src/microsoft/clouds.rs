//! Microsoft's clouds and their addresses, and one custom cloud if the configuration names it. Nothing is ever sent
//! to a host that does not stand here.

use std::sync::LazyLock;

use anyhow::ensure;
use url::{Host, Url};

use crate::words::{Portal, text_form};

/// One of Microsoft's clouds. A tenant lives in exactly one, and tokens are good in that one only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cloud {
    /// The worldwide cloud, which also serves US Government GCC.
    Global,
    /// US Government GCC High (L4).
    UsGovernment,
    /// US Government DoD (L5).
    UsDod,
    /// China, operated by 21Vianet.
    China,
    /// The one that the configuration names, usually the simulator.
    Custom,
}

impl Cloud {
    /// Every cloud, the custom one last.
    pub const ALL: &[Self] = &[Self::Global, Self::UsGovernment, Self::UsDod, Self::China, Self::Custom];

    /// The stable name in forms, in the API and in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGovernment => "us_gov_high",
            Self::UsDod => "us_gov_dod",
            Self::China => "china",
            Self::Custom => "custom",
        }
    }

    /// The cloud with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cloud| cloud.value() == value)
    }
}

text_form!(Cloud, "cloud");

/// A cloud that the configuration adds: the simulator, or one of Microsoft's that Postkey does not know.
#[derive(Clone, Debug)]
pub struct CustomCloud {
    /// What the picker shows.
    pub name: String,
    /// Root of the sign-in service; may carry a path.
    pub authority: Url,
    /// Root of Microsoft Graph; may carry a path.
    pub graph: Url,
}

/// The clouds that may be chosen, with their addresses.
#[derive(Clone, Debug)]
pub struct Clouds {
    custom: Option<CustomCloud>,
}

struct Known {
    label: &'static str,
    authority: Url,
    graph: Url,
    portal: Portal,
}

// Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud and /graph/deployments. Entra
// admin center hosts of the national clouds are not confirmed, so their Azure portal stands in.
static KNOWN: LazyLock<[Known; 4]> = LazyLock::new(|| {
    let known = |label, authority, graph, portal| Known {
        label,
        authority: Url::parse(authority).expect("a constant address"),
        graph: Url::parse(graph).expect("a constant address"),
        portal,
    };
    let azure = |entra| Portal { entra, exchange: None, microsoft365: None };
    let global = Portal {
        entra: "entra.microsoft.com",
        exchange: Some("admin.exchange.microsoft.com"),
        microsoft365: Some("admin.microsoft.com"),
    };
    let government = "https://login.microsoftonline.us";
    [
        known("Global (also GCC)", "https://login.microsoftonline.com", "https://graph.microsoft.com", global),
        known("US Government GCC High", government, "https://graph.microsoft.us", azure("portal.azure.us")),
        known("US Government DoD", government, "https://dod-graph.microsoft.us", azure("portal.azure.us")),
        known(
            "China (21Vianet)",
            "https://login.partner.microsoftonline.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            azure("portal.azure.cn"),
        ),
    ]
});

fn known(cloud: Cloud) -> Option<&'static Known> {
    KNOWN.get(cloud as usize)
}

impl Clouds {
    /// Microsoft's clouds and, if given, one more.
    ///
    /// Fails if an address of the custom cloud is not `https` (plain `http` is for loopback only), or carries user
    /// info, a query or a fragment.
    pub fn new(custom: Option<CustomCloud>) -> anyhow::Result<Self> {
        if let Some(cloud) = &custom {
            ensure!(!cloud.name.trim().is_empty(), "the custom cloud needs a name");
            for (what, address) in [("authority", &cloud.authority), ("graph", &cloud.graph)] {
                ensure!(
                    address.scheme() == "https" || (address.scheme() == "http" && is_loopback(address)),
                    "{what} of the custom cloud is {address}: it must be https, or http on a loopback address"
                );
                ensure!(
                    address.username().is_empty() && address.password().is_none(),
                    "{what} of the custom cloud must not carry a user name or password"
                );
                ensure!(
                    address.query().is_none() && address.fragment().is_none(),
                    "{what} of the custom cloud is {address}: it must not carry a query or fragment"
                );
            }
        }
        Ok(Self { custom })
    }

    /// The clouds for the picker.
    pub fn offered(&self) -> Vec<Cloud> {
        let mut clouds = Cloud::ALL.to_vec();
        clouds.retain(|cloud| *cloud != Cloud::Custom || self.has_custom());
        clouds
    }

    /// Whether the configuration adds a cloud, which the pages then say in a banner.
    pub const fn has_custom(&self) -> bool {
        self.custom.is_some()
    }

    /// What the picker shows for a cloud.
    pub fn label(&self, cloud: Cloud) -> &str {
        match (known(cloud), &self.custom) {
            (Some(known), _) => known.label,
            (None, Some(custom)) => &custom.name,
            (None, None) => "Custom cloud (no longer configured)",
        }
    }

    /// Root of the cloud's sign-in service; none for a custom cloud that is not configured (any more).
    pub fn authority(&self, cloud: Cloud) -> Option<&Url> {
        known(cloud).map(|known| &known.authority).or_else(|| self.custom.as_ref().map(|custom| &custom.authority))
    }

    /// Root of the cloud's Microsoft Graph; none for a custom cloud that is not configured (any more).
    pub fn graph(&self, cloud: Cloud) -> Option<&Url> {
        known(cloud).map(|known| &known.graph).or_else(|| self.custom.as_ref().map(|custom| &custom.graph))
    }

    /// The portals in which an administrator works; none for the custom cloud.
    pub fn portal(&self, cloud: Cloud) -> Option<&'static Portal> {
        known(cloud).map(|known| &known.portal)
    }

    /// Scheme, host and port of the sign-in service, for a page that sends the browser there.
    pub fn origin(&self, cloud: Cloud) -> Option<String> {
        self.authority(cloud).map(|authority| authority.origin().ascii_serialization())
    }

    /// The sign-in services of all clouds that may be chosen, as [`Clouds::origin`].
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.offered().into_iter().filter_map(|cloud| self.origin(cloud)).collect();
        origins.dedup();
        origins
    }

    pub(super) fn speaks_plain_http(&self) -> bool {
        self.custom.as_ref().is_some_and(|cloud| cloud.authority.scheme() == "http" || cloud.graph.scheme() == "http")
    }
}

fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(authority: &str) -> anyhow::Result<Clouds> {
        Clouds::new(Some(CustomCloud {
            name: "Simulator".into(),
            authority: Url::parse(authority).unwrap(),
            graph: Url::parse("https://graph.example").unwrap(),
        }))
    }

    #[test]
    fn every_cloud_of_microsoft_has_its_own_addresses() {
        let clouds = Clouds::new(None).unwrap();
        assert_eq!(clouds.offered().len(), 4);
        assert_eq!(clouds.graph(Cloud::UsDod).unwrap().as_str(), "https://dod-graph.microsoft.us/");
        assert_eq!(clouds.origin(Cloud::China).unwrap(), "https://login.partner.microsoftonline.cn");
        assert_eq!(clouds.label(Cloud::Global), "Global (also GCC)");
        assert_eq!(clouds.portal(Cloud::UsGovernment).unwrap().entra, "portal.azure.us");
        for cloud in Cloud::ALL {
            assert_eq!(Cloud::parse(cloud.value()), Some(*cloud));
        }
    }

    #[test]
    fn the_custom_cloud_exists_only_when_configured() {
        let clouds = Clouds::new(None).unwrap();
        assert!(clouds.authority(Cloud::Custom).is_none() && clouds.graph(Cloud::Custom).is_none());
        let clouds = custom("http://127.0.0.1:8081/entra").unwrap();
        assert_eq!(clouds.offered().last(), Some(&Cloud::Custom));
        assert_eq!(clouds.origin(Cloud::Custom).unwrap(), "http://127.0.0.1:8081");
        assert!(clouds.portal(Cloud::Custom).is_none() && clouds.speaks_plain_http());
    }

    #[test]
    fn a_custom_cloud_that_would_leak_is_refused() {
        for good in ["https://login.example", "http://localhost:1", "http://127.0.0.9", "http://[::1]:80/entra"] {
            assert!(custom(good).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example",
            "http://169.254.169.254/",
            "http://localhost.evil.example",
            "http://[::ffff:10.0.0.1]",
            "ftp://127.0.0.1",
            "https://login.microsoftonline.com@evil.example",
            "https://login.example/?next=1",
            "https://login.example/#x",
        ] {
            assert!(custom(bad).is_err(), "{bad}");
        }
    }
}
