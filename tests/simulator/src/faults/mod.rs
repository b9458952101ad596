//! What goes wrong: switches that are put in at run time, for some requests or for all.

mod bend;
mod body;
mod failure;
pub(crate) mod play;

pub use failure::{Bend, Failure, Page, RetryAfter};

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    asked::Asked,
    graph::Refusal,
    kind::{Call, Kind},
};

/// Which requests a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Everything of Entra and Graph.
    Anywhere,
    /// Everything of Entra.
    Entra,
    /// openid-configuration.
    Discovery,
    /// The signing keys.
    Keys,
    /// The token endpoint.
    Token,
    /// The authorize endpoint; with a person, as soon as it is known who signs in.
    Authorize,
    /// Both admin consent endpoints; with a person, as soon as it is known who signs in.
    AdminConsent,
    /// Every call of Graph.
    Graph,
    /// One call of Graph.
    Call(Call),
}

impl Place {
    fn covers(self, kind: Kind) -> bool {
        let graph = matches!(kind, Kind::Graph(_));
        let by_programs = matches!(kind, Kind::Discovery | Kind::Keys | Kind::InstanceDiscovery | Kind::Token);
        let entra = by_programs || kind.is_for_browsers();
        match self {
            Self::Anywhere => entra || graph,
            Self::Entra => entra,
            Self::Discovery => kind == Kind::Discovery,
            Self::Keys => kind == Kind::Keys,
            Self::Token => kind == Kind::Token,
            Self::Authorize => kind == Kind::Authorize,
            Self::AdminConsent => kind == Kind::AdminConsent,
            Self::Graph => graph,
            Self::Call(call) => kind == Kind::Graph(call),
        }
    }
}

/// A switch that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which requests it hits.
    pub place: Place,
    /// Only those of this tenant.
    #[serde(default)]
    pub tenant: Option<Uuid>,
    /// Only those of this application (client ID).
    #[serde(default)]
    pub application: Option<Uuid>,
    /// Only those about this mailbox (address, in any case).
    #[serde(default)]
    pub mailbox: Option<String>,
    /// Only those of this person (address, in any case).
    #[serde(default)]
    pub person: Option<String>,
    /// Only token requests with this `grant_type`.
    #[serde(default)]
    pub grant_type: Option<String>,
    /// How many requests it still hits; none: until it is taken out.
    #[serde(default)]
    pub times: Option<u32>,
    /// What goes wrong.
    pub failure: Failure,
}

impl Fault {
    /// A fault that hits every request to `place` until it is taken out.
    pub fn new(place: Place, failure: Failure) -> Self {
        let (tenant, application) = (None, None);
        Self { place, tenant, application, mailbox: None, person: None, grant_type: None, times: None, failure }
    }

    /// The token endpoint refuses with this AADSTS number.
    pub fn aadsts(number: u32) -> Self {
        Self::new(Place::Token, Failure::Aadsts(number))
    }

    /// Graph refuses every call.
    pub fn graph(refusal: Refusal) -> Self {
        Self::new(Place::Graph, Failure::Graph(refusal))
    }

    /// `place` answers this status without `Retry-After`.
    pub fn status(place: Place, status: u16, page: Page) -> Self {
        let retry_after = RetryAfter::Absent;
        Self::new(place, Failure::Status { status, page, retry_after })
    }

    /// Only for this tenant.
    pub fn tenant(mut self, id: Uuid) -> Self {
        self.tenant = Some(id);
        self
    }

    /// Only for this application.
    pub fn application(mut self, client_id: Uuid) -> Self {
        self.application = Some(client_id);
        self
    }

    /// Only for this mailbox.
    pub fn mailbox(mut self, address: &str) -> Self {
        self.mailbox = Some(address.to_owned());
        self
    }

    /// Only for this person.
    pub fn person(mut self, address: &str) -> Self {
        self.person = Some(address.to_owned());
        self
    }

    /// Only for token requests with this `grant_type`.
    pub fn grant_type(mut self, grant_type: &str) -> Self {
        self.grant_type = Some(grant_type.to_owned());
        self
    }

    /// Only for the next `count` requests.
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    fn hits(&self, asked: &Asked) -> bool {
        let same = |wanted: Option<Uuid>, said: &Option<String>| {
            wanted.is_none_or(|wanted| said.as_deref().and_then(|said| Uuid::try_parse(said).ok()) == Some(wanted))
        };
        let alike = |wanted: &Option<String>, said: &Option<String>| {
            wanted.is_none() || wanted.as_deref().zip(said.as_deref()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        self.place.covers(asked.kind)
            && same(self.tenant, &asked.tenant)
            && same(self.application, &asked.client_id)
            && alike(&self.mailbox, &asked.mailbox)
            && alike(&self.person, &asked.person)
            && alike(&self.grant_type, &asked.grant_type)
    }
}

/// A fault's number, by which it is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultId(pub u64);

/// The faults that are on, in the order they were put in.
#[derive(Default)]
pub struct Faults {
    last: u64,
    on: Vec<(FaultId, Fault)>,
}

/// What happens to one request.
#[derive(Default)]
pub(crate) struct Trouble {
    pub(crate) delay: Duration,
    pub(crate) failure: Option<Failure>,
}

impl Faults {
    /// Puts a fault in.
    pub fn put(&mut self, fault: Fault) -> FaultId {
        self.last += 1;
        let id = FaultId(self.last);
        self.on.push((id, fault));
        id
    }

    /// Takes a fault out. Answers whether it was in.
    pub fn remove(&mut self, id: FaultId) -> bool {
        let before = self.on.len();
        self.on.retain(|(other, _)| *other != id);
        self.on.len() < before
    }

    /// Takes every fault out.
    pub fn clear(&mut self) {
        self.on.clear();
    }

    /// The faults that are on.
    pub fn iter(&self) -> impl Iterator<Item = (FaultId, &Fault)> {
        self.on.iter().map(|(id, fault)| (*id, fault))
    }

    /// What happens to this request: every delay that hits it, and the first other fault.
    pub(crate) fn take(&mut self, asked: &Asked) -> Trouble {
        let mut trouble = Trouble::default();
        for (_, fault) in self.on.iter_mut().filter(|(_, fault)| fault.hits(asked)) {
            match &fault.failure {
                Failure::Delay { ms } => trouble.delay += Duration::from_millis(*ms),
                _ if trouble.failure.is_some() => continue,
                failure => trouble.failure = Some(failure.clone()),
            }
            fault.times = fault.times.map(|left| left.saturating_sub(1));
        }
        self.on.retain(|(_, fault)| fault.times != Some(0));
        trouble
    }

    /// The AADSTS number that meets a person in the browser. Faults without a person have met the request before.
    pub(crate) fn take_for_person(&mut self, asked: &Asked) -> Option<u32> {
        let mut mine = self.on.iter_mut().map(|(_, fault)| fault);
        let fault = mine
            .find(|fault| fault.person.is_some() && matches!(fault.failure, Failure::Aadsts(_)) && fault.hits(asked))?;
        fault.times = fault.times.map(|left| left.saturating_sub(1));
        let Failure::Aadsts(number) = fault.failure else { return None };
        self.on.retain(|(_, fault)| fault.times != Some(0));
        Some(number)
    }
}
