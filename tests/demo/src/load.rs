//! Very many mailboxes, with statuses copied from the ones that were really checked.

use anyhow::{Context, bail};
use postkey::app::App;
use postkey::ids::{CheckId, MailboxId};
use postkey::mailboxes::history::{self, Check};
use postkey::mailboxes::mailbox::{Health, Mailbox};
use postkey::mailboxes::store::{self, Written};

use crate::plan::Plan;
use crate::progress::Progress;
use crate::seed::Model;

/// Mailboxes that are written in one transaction.
const BATCH: usize = 5_000;

/// What is copied: a mailbox and its last check.
struct Original {
    mailbox: Mailbox,
    check: Option<Check>,
    sent: bool,
}

/// Adds as many mailboxes as the plan says.
pub(crate) async fn copy(app: &App, plan: &Plan, models: &[Model], progress: &Progress) -> anyhow::Result<()> {
    if plan.copies == 0 {
        return Ok(());
    }
    let mut originals = Vec::with_capacity(models.len());
    for model in models.iter().filter(|model| model.fate.is_copied()) {
        originals.push(original(app, model).await?);
    }
    for start in (0..plan.copies).step_by(BATCH) {
        let end = plan.copies.min(start + BATCH);
        let mut tx = app.db.begin().await?;
        for number in start..end {
            write(&mut tx, app, plan, number, &originals[number % originals.len()]).await?;
        }
        tx.commit().await?;
        progress.done(end - start);
    }
    Ok(())
}

async fn original(app: &App, model: &Model) -> anyhow::Result<Original> {
    let mailbox = store::find(&app.db, &model.id).await?.with_context(|| format!("{} is gone", model.address))?;
    let check = history::newest(&app.db, &model.id, 1).await?.pop();
    let sent = mailbox.health.sent_at.is_some();
    Ok(Original { mailbox, check, sent })
}

async fn write(
    tx: &mut postkey::db::Tx,
    app: &App,
    plan: &Plan,
    number: usize,
    original: &Original,
) -> anyhow::Result<()> {
    let model = &original.mailbox;
    let copy = Mailbox {
        id: MailboxId::new(model.created.at, &app.chance),
        address: plan.copy_address(number, &model.address),
        display_name: String::new(),
        paused: None,
        health: Health::unverified(model.created.at),
        ..model.clone()
    };
    if store::insert(tx, &copy).await? != Written::Done {
        bail!("{} could not be stored", copy.address);
    }
    if let Some(check) = &original.check {
        let id = CheckId::new(check.finished_at, &app.chance);
        let check = Check { id, mailbox_id: copy.id.clone(), ..check.clone() };
        store::begin_check(tx, &copy.id, check.started_at).await?;
        store::finish_check(tx, &copy, &check, original.sent).await?;
        history::insert(tx, &check).await?;
    }
    if let Some(paused) = &model.paused {
        store::pause(tx, &copy.id, &paused.by, paused.at).await?;
    }
    Ok(())
}
