//! What was typed about an application to [`NewApplication`], or every mistake at once. The same fields stand on the
//! application's own page and inside the form of a new mailbox.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::microsoft::paste::{self, PasteError};
use crate::microsoft::{ClientId, Cloud, Tenant};
use crate::web::forms::{Choice, Field, FormErrors};

use super::{Kind, store};

const DAY: i64 = 24 * 60 * 60;
/// Entra's portal allows secrets of at most 24 months; a later date is a slip of the pen.
const FARTHEST: i64 = 10 * 366 * DAY;

/// What was typed, as the browser sent it. Unknown fields are ignored.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// What people here call it.
    pub name: String,
    /// One of the clouds that the configuration allows.
    pub cloud: String,
    /// Directory (tenant) ID or a verified domain.
    pub tenant: String,
    /// Application (client) ID.
    pub client_id: String,
    /// `secret` or `certificate`.
    pub proof: String,
    /// The secret's Value.
    pub secret: SecretString,
    /// `6`, `12` or `24` months, `on` a date, or `unknown`.
    pub expires: String,
    /// The date for `on`.
    pub expires_on: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            name: String::new(),
            cloud: String::new(),
            tenant: String::new(),
            client_id: String::new(),
            proof: "secret".to_owned(),
            secret: SecretString::from(String::new()),
            expires: "6".to_owned(),
            expires_on: String::new(),
        }
    }
}

/// An application that can be stored.
#[derive(Debug)]
pub struct NewApplication {
    /// What people here call it.
    pub name: String,
    /// Where it is registered.
    pub cloud: Cloud,
    /// Its tenant.
    pub tenant: Tenant,
    /// Its client ID.
    pub client_id: ClientId,
    /// What proves it.
    pub proof: Proof,
}

/// What proves an application.
#[derive(Debug)]
pub enum Proof {
    /// A secret that was pasted.
    Secret {
        /// The Value.
        value: SecretString,
        /// When it ends, if the person knows.
        ends: Option<UnixTime>,
    },
    /// A certificate that Postkey makes.
    Certificate,
}

impl Proof {
    /// The kind of credential that it becomes.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Secret { .. } => Kind::Secret,
            Self::Certificate => Kind::Certificate,
        }
    }
}

/// Reads everything about a new application.
///
/// # Errors
/// If the database cannot be asked whether it is already stored. What is wrong with the form goes to `errors`.
pub async fn parse(app: &App, typed: &Typed, errors: &mut FormErrors) -> Result<Option<NewApplication>> {
    let identity = identity(app, typed, errors);
    if let Some((cloud, tenant, client_id)) = &identity
        && let Some(same) = store::same_registration(&app.db, *cloud, tenant, *client_id).await?
    {
        errors.add(
            "client_id",
            format!("This application is already stored as {}. Choose it instead of adding it again.", same.name),
        );
    }
    let name = match &identity {
        Some((.., client_id)) => errors.keep("name", name(&typed.name, *client_id)),
        None => None,
    };
    if let Some(name) = &name
        && store::named(&app.db, name).await?.is_some()
    {
        errors.add("name", format!("There is already an application called {name}. Choose another name."));
    }
    let proof = proof(app, typed, errors);
    let (Some((cloud, tenant, client_id)), Some(name), Some(proof)) = (identity, name, proof) else { return Ok(None) };
    Ok(errors.is_empty().then_some(NewApplication { name, cloud, tenant, client_id, proof }))
}

/// Reads cloud, tenant and client ID.
pub fn identity(app: &App, typed: &Typed, errors: &mut FormErrors) -> Option<(Cloud, Tenant, ClientId)> {
    let cloud = errors.keep("cloud", cloud(app, &typed.cloud));
    let client_id = errors.keep("client_id", paste::client_id(&typed.client_id).map_err(client_id_words));
    let tenant = errors.keep("tenant", paste::tenant(&typed.tenant).map_err(tenant_words));
    let (cloud, client_id, tenant) = (cloud?, client_id?, tenant?);
    if tenant.guid().is_some_and(|tenant| tenant.to_string() == client_id.to_string()) {
        errors.add("tenant", "This is the same ID as the application's. Copy Directory (tenant) ID, the line below Application (client) ID.");
        return None;
    }
    Some((cloud, tenant, client_id))
}

/// Reads the name; an empty one is made from the client ID.
///
/// # Errors
/// What to say at the form.
pub fn name(typed: &str, client_id: ClientId) -> Result<String, String> {
    let name: String = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Ok(format!("Application {}", &client_id.to_string()[..8]));
    }
    let fine = name.chars().count() <= 100 && !name.chars().any(char::is_control);
    fine.then_some(name).ok_or_else(|| "Use at most 100 characters for the name.".to_owned())
}

/// Reads the credential.
pub fn proof(app: &App, typed: &Typed, errors: &mut FormErrors) -> Option<Proof> {
    match Kind::parse(&typed.proof) {
        Some(Kind::Certificate) => Some(Proof::Certificate),
        Some(Kind::Secret) => {
            let value = errors.keep("secret", paste::secret(typed.secret.expose_secret()).map_err(secret_words));
            let ends = end(app, typed, errors);
            Some(Proof::Secret { value: value?, ends: ends? })
        }
        None => {
            errors.add("proof", "Choose a client secret or a certificate.");
            None
        }
    }
}

/// Reads when a secret ends; the inner `None` means that nobody knows.
pub fn end(app: &App, typed: &Typed, errors: &mut FormErrors) -> Option<Option<UnixTime>> {
    errors.keep("expires_on", ends(app, typed))
}

fn cloud(app: &App, typed: &str) -> Result<Cloud, &'static str> {
    let offered = app.microsoft.clouds().offered();
    if typed.is_empty() {
        return Ok(usual_cloud(app));
    }
    Cloud::parse(typed).filter(|cloud| offered.contains(cloud)).ok_or("Choose one of the clouds in the list.")
}

fn usual_cloud(app: &App) -> Cloud {
    if app.microsoft.clouds().has_custom() { Cloud::Custom } else { Cloud::Global }
}

/// When the secret ends, by what was chosen.
fn ends(app: &App, typed: &Typed) -> Result<Option<UnixTime>, String> {
    let now = app.clock.now();
    let zone = &app.config.time_zone;
    let today = jiff::Timestamp::from_second(now.seconds()).map(|stamp| stamp.to_zoned(zone.clone()));
    let months = match typed.expires.as_str() {
        "unknown" => return Ok(None),
        "on" => return day(&typed.expires_on, now, zone).map(Some),
        "" | "6" => 6,
        "12" => 12,
        "24" => 24,
        _ => return Err("Choose when the secret ends.".to_owned()),
    };
    let end = today.and_then(|today| today.checked_add(jiff::Span::new().months(months)));
    end.map(|end| Some(UnixTime::from_seconds(end.timestamp().as_second()))).map_err(|cause| cause.to_string())
}

fn day(typed: &str, now: UnixTime, zone: &jiff::tz::TimeZone) -> Result<UnixTime, String> {
    let wrong = "Enter the day as year, month, day, for example 2027-03-14. Entra shows it beside the secret.";
    let date: jiff::civil::Date = typed.trim().parse().map_err(|_| wrong.to_owned())?;
    let start = date.to_zoned(zone.clone()).map_err(|_| wrong.to_owned())?;
    let end = UnixTime::from_seconds(start.timestamp().as_second());
    if end <= now {
        return Err("This day has passed, so the secret no longer works. Make a new one in Entra.".to_owned());
    }
    if end.since(now) > FARTHEST {
        return Err(wrong.to_owned());
    }
    Ok(end)
}

/// What to say of a client ID that was not understood.
fn client_id_words(cause: PasteError) -> &'static str {
    match cause {
        PasteError::Empty => "Enter the Application (client) ID. It is on the application's Overview page in Entra.",
        PasteError::UrlWithoutId => {
            "This address holds no application ID. Copy Application (client) ID from the Overview page in Entra."
        }
        _ => {
            "Application (client) ID has 32 digits and letters a to f, like 9e1c0c52-1111-4222-8333-abcdefabcdef. Copy it from the Overview page in Entra."
        }
    }
}

fn tenant_words(cause: PasteError) -> &'static str {
    match cause {
        PasteError::Empty => "Enter the Directory (tenant) ID. It is on the application's Overview page in Entra.",
        PasteError::Common => {
            "“common” stands for every tenant. Without a user, Microsoft needs the one tenant: copy Directory (tenant) ID."
        }
        PasteError::UrlWithoutId => {
            "This address names no tenant. Copy Directory (tenant) ID from the Overview page in Entra."
        }
        _ => {
            "Enter the Directory (tenant) ID, 32 digits and letters a to f, or a domain of the tenant such as contoso.com."
        }
    }
}

fn secret_words(cause: PasteError) -> &'static str {
    match cause {
        PasteError::Empty => "Paste the client secret. In Entra, copy the Value at Certificates & secrets.",
        PasteError::LooksLikeSecretId => {
            "That looks like the Secret ID. Copy the Value next to it; Entra shows it only right after the secret was made."
        }
        _ => "This is too long for a client secret. Copy the Value at Certificates & secrets.",
    }
}

/// The fields as a page shows them.
#[derive(Debug)]
pub struct Fields {
    /// What people here call it.
    pub name: Field,
    /// Which cloud.
    pub cloud: Field,
    /// The clouds to choose from.
    pub clouds: Vec<Choice>,
    /// Application (client) ID.
    pub client_id: Field,
    /// Directory (tenant) ID.
    pub tenant: Field,
    /// Secret or certificate.
    pub proof: Field,
    /// The two kinds.
    pub proofs: Vec<Choice>,
    /// The secret's Value.
    pub secret: Field,
    /// When it ends.
    pub expires: Field,
    /// The presets.
    pub presets: Vec<Choice>,
    /// The exact day.
    pub expires_on: Field,
    /// Where the registrations are, in this cloud's portal; empty where there is none.
    pub portal: String,
}

impl Fields {
    /// The fields holding what was typed, with what is wrong.
    pub fn new(app: &App, typed: &Typed, errors: &FormErrors) -> Self {
        let clouds = app.microsoft.clouds();
        let chosen = Cloud::parse(&typed.cloud).unwrap_or_else(|| usual_cloud(app));
        let offered = clouds.offered().into_iter();
        let preset = |value, label| Choice::new(value, label, "", &typed.expires);
        let guid = |name, label| Field::text(name, label, "").kind("guid");
        Self {
            name: Field::text("name", "Name in Postkey", "What people here call it, for example Contoso Mail.")
                .optional()
                .holding(&typed.name)
                .checked(errors),
            cloud: Field::text("cloud", "Microsoft cloud", "").checked(errors),
            clouds: offered.map(|cloud| Choice::new(cloud.value(), clouds.label(cloud), "", chosen.value())).collect(),
            client_id: guid("client_id", "Application (client) ID").holding(&typed.client_id).checked(errors),
            tenant: guid("tenant", "Directory (tenant) ID").holding(&typed.tenant).checked(errors),
            proof: Field::text(
                "proof",
                "Credential",
                "What proves to Microsoft that Postkey speaks for the application.",
            )
            .checked(errors),
            proofs: vec![
                Choice::new("secret", "Client secret", "Someone made it in Entra; paste its Value here.", &typed.proof),
                Choice::new(
                    "certificate",
                    "Certificate",
                    "Postkey makes a key pair and gives you the certificate to upload. The key never leaves Postkey.",
                    &typed.proof,
                ),
            ],
            secret: Field::text("secret", "Client secret value", "").kind("secret").checked(errors),
            expires: Field::text(
                "expires",
                "Secret ends",
                "Entra shows the day beside the secret. Postkey warns before it.",
            )
            .checked(errors),
            presets: vec![
                preset("6", "In 6 months"),
                preset("12", "In 12 months"),
                preset("24", "In 24 months"),
                preset("on", "On a day"),
                preset("unknown", "I do not know"),
            ],
            expires_on: Field::text("expires_on", "Last day", "")
                .kind("date")
                .holding(&typed.expires_on)
                .checked(errors),
            portal: portal(app, chosen),
        }
    }
}

fn portal(app: &App, cloud: Cloud) -> String {
    app.microsoft.clouds().portal(cloud).map(|portal| format!("https://{}/", portal.entra)).unwrap_or_default()
}
