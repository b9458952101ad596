//! Signs people in with Microsoft, as they do it themselves: through Postkey's own pages and the simulator's.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use postkey::app::App;
use postkey::applications::{Application, store as applications};
use postkey::mailboxes::Mailbox;
use postkey::mailboxes::check::Reason;
use postkey::mailboxes::search::{self, Filter};
use postkey::tokens::delegated_store::{self as grants, DelegatedGrant};
use postkey::words::{Cause, Status};
use postkey_simulator::{Earlier, Failure, Fault, Lifetime, Place, Simulator};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use secrecy::ExposeSecret;

use crate::estate;
use crate::people::{MAILBOX_ADMINISTRATOR, People};
use crate::plan::{Fate, Story};
use crate::progress::Progress;
use crate::seed::{Model, settle};

/// Who signs in where somebody else should.
const SOMEBODY_ELSE: &str = "jan@contoso.example";

/// Lets happen to the mailboxes that people sign in for what the plan says.
pub(crate) async fn play(
    app: &App,
    simulator: &Simulator,
    people: &People,
    models: &[Model],
    progress: &Progress,
) -> anyhow::Result<()> {
    let stories = models.iter().filter_map(|model| match model.fate {
        Fate::SignIn(story) => Some((model, story)),
        _ => None,
    });
    let stories: Vec<_> = stories.collect();
    if stories.is_empty() {
        return Ok(());
    }
    let mut visitor = Visitor::new(app)?;
    visitor.log_in(people).await?;
    for (model, story) in &stories {
        let told = Told { simulator, visitor: &mut visitor, model };
        told.tell(*story).await.with_context(|| format!("nobody could sign in for {}", model.address))?;
        progress.done(1);
    }
    visitor.submit("/", "/logout", &[]).await?;
    for (model, _) in stories.iter().filter(|(_, story)| *story == Story::Revoked) {
        // The token it got is good for a second more.
        while grants::find(&app.db, &model.id).await?.is_some_and(|grant| grant.expires_at > app.clock.now()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        settle(app, model, Reason::Asked).await?;
    }
    simulator.clear_requests();
    Ok(())
}

/// One mailbox and what comes of signing in for it.
struct Told<'a> {
    simulator: &'a Simulator,
    visitor: &'a mut Visitor,
    model: &'a Model,
}

impl Told<'_> {
    async fn tell(mut self, story: Story) -> anyhow::Result<()> {
        let (simulator, person) = (self.simulator, self.model.signs_in.as_str());
        match story {
            Story::Connected => self.sign_in(person).await,
            Story::Revoked => {
                let short = Lifetime::Fixed { seconds: 1 };
                let usual = simulator.estate(|estate| std::mem::replace(&mut estate.settings.lifetime, short));
                let done = self.sign_in(person).await;
                let now = simulator.clock().now();
                simulator.estate(|estate| {
                    estate.settings.lifetime = usual;
                    estate.revoke_sessions(person, now);
                });
                done
            }
            Story::Link => self.link().await.map(drop),
            Story::WrongAccount => {
                let link = self.link().await?;
                let mut owner = Visitor { cookies: BTreeMap::new(), ..self.visitor.clone() };
                let leads = owner.submit(&link, &link, &[]).await?;
                owner.come_back(&simulator.approve(&leads, SOMEBODY_ELSE).await?).await
            }
            Story::Declined => {
                let leads = self.begin().await?;
                self.visitor.come_back(&simulator.decline(&leads, person).await?).await
            }
            Story::Blocked => {
                // Most rules keep a person on Microsoft's page. Some come into force when the code is redeemed.
                let block = |blocked| {
                    simulator.estate(|estate| estate.person_mut(person).map(|person| person.blocked = blocked))
                };
                block(false);
                let leads = self.begin().await?;
                let back = simulator.approve(&leads, person).await;
                block(true);
                self.visitor.come_back(&back?).await
            }
            Story::NeedsAdministrator => {
                let refused = Fault::new(Place::Authorize, Failure::Aadsts(65_001)).person(person).times(1);
                simulator.fault(refused);
                self.sign_in(person).await
            }
        }
    }

    /// From the page of the mailbox to Microsoft and back.
    async fn sign_in(&mut self, person: &str) -> anyhow::Result<()> {
        let leads = self.begin().await?;
        self.visitor.come_back(&self.simulator.approve(&leads, person).await?).await
    }

    /// The address at Microsoft.
    async fn begin(&mut self) -> anyhow::Result<String> {
        let page = self.page();
        self.visitor.submit(&page, &page, &[("how", "now")]).await
    }

    /// The path of a new link.
    async fn link(&mut self) -> anyhow::Result<String> {
        let page = self.page();
        self.visitor.submit(&page, &page, &[("how", "link"), ("days", "7")]).await?;
        let shown = self.visitor.get(&page).await?;
        let code = between(&shown, "/s/", "<").context("there is no link")?;
        Ok(format!("/s/{code}"))
    }

    fn page(&self) -> String {
        format!("/mailboxes/{}/sign-in", self.model.id)
    }
}

/// Somebody with a browser.
#[derive(Clone)]
struct Visitor {
    client: reqwest::Client,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    fn new(app: &App) -> anyhow::Result<Self> {
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // Nothing here is https, and reading the system's certificates takes longer than all the rest.
        let client = builder.tls_certs_only([]).build()?;
        let origin = app.config.public_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, origin, cookies: BTreeMap::new() })
    }

    async fn log_in(&mut self, people: &People) -> anyhow::Result<()> {
        let known = people.all.iter().find(|person| person.name == MAILBOX_ADMINISTRATOR);
        let email = known.context("nobody adds mailboxes")?.email.clone();
        let typed = [("email", email.as_str()), ("password", people.password.as_str())];
        self.submit("/login", "/login", &typed).await.map(drop)
    }

    /// A page, whatever its status.
    async fn get(&mut self, path: &str) -> anyhow::Result<String> {
        let request = self.client.get(format!("{}{path}", self.origin));
        Ok(self.send(request).await?.text().await?)
    }

    /// Opens a page and sends a form of it. Answers where that leads.
    async fn submit(&mut self, page: &str, action: &str, typed: &[(&str, &str)]) -> anyhow::Result<String> {
        let shown = self.get(page).await?;
        let key = between(&shown, "name=\"_csrf\" value=\"", "\"").with_context(|| format!("{page} has no form"))?;
        let fields: Vec<(&str, &str)> = [("_csrf", key)].into_iter().chain(typed.iter().copied()).collect();
        let request = self.client.post(format!("{}{action}", self.origin)).header(ORIGIN, &self.origin).form(&fields);
        leads_to(&self.send(request).await?).with_context(|| format!("{action} leads nowhere"))
    }

    /// Follows Microsoft's redirect, and looks at the page that it ends on.
    async fn come_back(&mut self, callback: &str) -> anyhow::Result<()> {
        ensure!(callback.starts_with(&self.origin), "Microsoft leads elsewhere");
        let answer = self.send(self.client.get(callback)).await?;
        let page = leads_to(&answer).context("the sign-in did not end")?;
        self.get(&page).await.map(drop)
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> anyhow::Result<reqwest::Response> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await?;
        let set =
            answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next());
        self.cookies
            .extend(set.filter_map(|cookie| cookie.split_once('=')).map(|(name, value)| (name.into(), value.into())));
        Ok(answer)
    }
}

fn leads_to(answer: &reqwest::Response) -> Option<String> {
    Some(answer.headers().get(LOCATION)?.to_str().ok()?.to_owned())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split(start).nth(1)?.split(end).next()
}

/// The simulated Microsoft forgets at the end; it is told again of every sign-in that still held.
pub(crate) async fn remember(app: &App, simulator: &Simulator) -> anyhow::Result<()> {
    for listed in applications::list(&app.db).await? {
        let application = &listed.application;
        if !simulator.estate(|estate| estate::is_for_people(estate, &application.client_id.to_string())) {
            continue;
        }
        let mut filter = Filter { app: application.id.to_string(), n: "1000".to_owned(), ..Filter::default() };
        loop {
            let page = search::page(&app.db, &filter, app.clock.now()).await?;
            for found in &page.rows {
                remember_one(app, simulator, application, &found.mailbox).await?;
            }
            match page.after {
                Some(after) => filter.after = after,
                None => break,
            }
        }
    }
    Ok(())
}

async fn remember_one(
    app: &App,
    simulator: &Simulator,
    application: &Application,
    mailbox: &Mailbox,
) -> anyhow::Result<()> {
    let lost = mailbox.health.incoming == Status::Failing(Cause::NeedsSignIn);
    let Some(grant) = grants::find(&app.db, &mailbox.id).await?.filter(|_| !lost) else { return Ok(()) };
    let place = DelegatedGrant::refresh_place(&grant.id);
    let token = app.keyring.open(place, &grant.refresh_token).context("a stored sign-in does not open")?;
    let earlier = Earlier {
        refresh_token: token.expose_secret().to_owned(),
        client_id: application.client_id.to_string().parse().context("a client ID is no GUID")?,
        person: grant.username,
        scope: grant.scopes,
        signed_in: Timestamp::from_second(grant.signed_in_at.seconds())?,
        issued: Timestamp::from_second(grant.issued_at.seconds())?,
    };
    simulator.estate(|estate| estate.remember(&earlier));
    Ok(())
}
