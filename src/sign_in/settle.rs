//! What a good sign-in leaves: the mailbox is opened once, then grant, mailbox, link, audit and result are stored in one
//! transaction; or, if something changed while Microsoft was asked, the result alone.

use crate::audit;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::mailboxes::ladder::Ladder;
use crate::mailboxes::signed_in;
use crate::microsoft::{Roles, scopes};
use crate::tokens::delegated_store::{self as grants, DelegatedGrant};
use crate::tokens::keep::{self, SignedIn};
use crate::tokens::{Obtained, store as tokens};
use crate::words::{SignInResult, Status};

use super::attempt::Origin;
use super::callback::may_still;
use super::ending::End;
use super::redeem::{Good, Story};
use super::{link_store, store};

impl Story<'_> {
    /// Opens the mailbox once, then keeps everything together or nothing.
    pub(super) async fn store(&self, good: Good, started_at: UnixTime) -> Result<()> {
        let Good { identity, issued, scopes } = good;
        let obtained = Obtained {
            token: issued.token.clone(),
            roles: Roles::Listed(scopes.iter().map(|scope| scopes::bare(scope).to_owned()).collect()),
            issued_at: issued.issued_at,
            expires_at: issued.expires_at,
            cached: false,
        };
        let ladder = signed_in::look(self.app, &self.mailbox, &self.application, &self.known, &obtained).await;
        // No renewal of the old grant may come between reading it and replacing it.
        let _flight = self.app.single.flight(&format!("grant {}", self.mailbox.id)).await;
        let before = grants::find(&self.app.db, &self.mailbox.id).await?;
        let who = SignedIn {
            mailbox: &self.mailbox.id,
            application: &self.application.id,
            identity: &identity,
            scopes: &scopes,
        };
        let grant = keep::signed_in(self.app, &who, &issued, before.as_ref()).await?;
        if !may_still(self.app, &self.attempt.origin).await? {
            return self.write(End::plain(SignInResult::Changed)).await;
        }
        let mut tx = self.app.db.begin().await?;
        match self.keep(&mut tx, &grant, &ladder, started_at).await? {
            true => tx.commit().await,
            false => {
                drop(tx);
                self.write(End::plain(SignInResult::Changed)).await
            }
        }
    }

    async fn keep(&self, tx: &mut Tx, grant: &DelegatedGrant, ladder: &Ladder, started_at: UnixTime) -> Result<bool> {
        let (app, mailbox) = (self.app, &self.mailbox);
        let stands = match &self.attempt.origin {
            Origin::Link(link) => link_store::still_stands(tx, link).await?,
            Origin::Session(_) => true,
        };
        let same = stands && tokens::still_is(tx, &self.application).await?;
        if !same || !grants::save_signed_in(tx, grant).await? {
            return Ok(false);
        }
        let by = &self.attempt.started_by;
        let Some(verdict) = signed_in::record(tx, app, mailbox, by, (ladder, started_at)).await? else {
            return Ok(false);
        };
        let connected = verdict.incoming == Status::Connected;
        if connected {
            link_store::use_up(tx, &mailbox.id, &grant.username, app.clock.now()).await?;
        }
        let granted: Vec<String> = grant.scopes.split(' ').map(str::to_owned).collect();
        let wider = scopes::wider(mailbox.is_shared(), &granted);
        let detail = match wider.is_empty() {
            true => grant.username.clone(),
            false => format!("{}, with more than was asked for: {}", grant.username, wider.join(" ")),
        };
        let entry = audit::Entry { actor: by, action: "grant.signed_in", object: mailbox.id.as_str(), detail: &detail };
        audit::record(tx, app, entry).await?;
        let end = End {
            outcome: if connected { SignInResult::Connected } else { SignInResult::Closed },
            account: grant.username.clone(),
            failure: ladder.failure().map(|(_, failure)| Box::new(failure.clone())),
        };
        store::record(tx, &end.of(app, self.attempt)).await?;
        Ok(true)
    }
}
