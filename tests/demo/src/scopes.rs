//! Names mailboxes for scope checks and really checks them: one limit that holds, and one application that opens too much.

use anyhow::{Context, ensure};
use postkey::app::App;
use postkey::applications::scope::{INTERVAL, Named};
use postkey::applications::scope_check::{self, Progress, Reason};
use postkey::applications::{scope_store, store as applications};
use postkey::audit;
use postkey::ids::ApplicationId;
use postkey::words::Must;

use crate::people::APPLICATION_ADMINISTRATOR;
use crate::plan::app as names;

/// An application, what it must open, and what must stay closed to it.
const SCOPES: [(&str, &[&str], &[&str]); 2] = [
    (
        names::DESK,
        &["front-desk@contoso.example", "support@contoso.example", "shared@contoso.example"],
        &["ceo@contoso.example"],
    ),
    (names::PAYROLL, &["payroll@contoso.example"], &["ceo@contoso.example", "billing@contoso.example"]),
];

/// Names and checks what the samples say.
pub(crate) async fn play(app: &App) -> anyhow::Result<()> {
    for (name, open, closed) in SCOPES {
        let id = applications::named(&app.db, name).await?.with_context(|| format!("{name} is not stored"))?;
        let of = |addresses: &[&str], must| addresses.iter().map(|it| Named::new(*it, must)).collect::<Vec<_>>();
        let all = [of(open, Must::Open), of(closed, Must::StayClosed)].concat();
        save(app, &id, &all).await?;
        settle(app, &id).await.with_context(|| format!("the scope of {name} could not be checked"))?;
    }
    Ok(())
}

async fn save(app: &App, id: &ApplicationId, all: &[Named]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let times = (now, now.plus(INTERVAL));
    ensure!(scope_store::save(&mut tx, id, (all, 0), APPLICATION_ADMINISTRATOR, times).await?, "it is named already");
    let detail = all.iter().map(|named| named.address.as_str()).collect::<Vec<_>>().join(", ");
    let entry =
        audit::Entry { actor: APPLICATION_ADMINISTRATOR, action: "scope.named", object: id.as_str(), detail: &detail };
    audit::record(&mut tx, app, entry).await?;
    Ok(tx.commit().await?)
}

/// Runs a check to its end, however long it takes.
async fn settle(app: &App, id: &ApplicationId) -> anyhow::Result<()> {
    if let Progress::Done(_) = scope_check::start(app, id, APPLICATION_ADMINISTRATOR, Reason::Saved).await? {
        return Ok(());
    }
    while scope_store::find(&app.db, id).await?.is_some_and(|scope| scope.is_running(app.clock.now())) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(())
}
