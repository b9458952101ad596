//! Mailboxes: cheap enough for a hundred thousand of them.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use super::{Mailbox, Message};

/// All mailboxes of all tenants, found by address, alias or object ID.
#[derive(Default)]
pub struct Mailboxes {
    all: Vec<Mailbox>,
    by_address: HashMap<Arc<str>, u32>,
    messages: HashMap<u32, Vec<Message>>,
}

/// A mailbox's place in [`Mailboxes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Mailboxes {
    const MESSAGES_KEPT: usize = 500;

    /// Adds a mailbox, or replaces the one with the same address (its aliases and messages stay).
    pub fn put(&mut self, mailbox: Mailbox) {
        if let Some(&place) = self.by_address.get(&mailbox.address) {
            self.all[place as usize] = mailbox;
            return;
        }
        let place = u32::try_from(self.all.len()).expect("fewer than four billion mailboxes");
        self.by_address.insert(Arc::clone(&mailbox.address), place);
        self.all.push(mailbox);
    }

    /// Makes room for `more` mailboxes at once.
    pub fn reserve(&mut self, more: usize) {
        self.all.reserve(more);
        self.by_address.reserve(more);
    }

    /// Lets `alias` lead to the mailbox `address`. Answers whether there is such a mailbox.
    pub fn alias(&mut self, alias: &str, address: &str) -> bool {
        let Some(place) = self.place(address) else {
            return false;
        };
        self.by_address.insert(alias.to_lowercase().into(), place.0);
        true
    }

    /// The mailbox with this address, alias or object ID, in any case.
    pub fn get(&self, address: &str) -> Option<&Mailbox> {
        self.place(address).map(|place| self.at(place))
    }

    /// As [`get`](Self::get), to change it.
    pub fn get_mut(&mut self, address: &str) -> Option<&mut Mailbox> {
        self.place(address).map(|place| &mut self.all[place.0 as usize])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Mailbox> {
        self.all.iter()
    }

    /// The object ID by which Graph knows the mailbox's user.
    pub fn object_id(&self, address: &str) -> Option<Uuid> {
        self.place(address).map(Place::object_id)
    }

    /// The newest messages of a mailbox, oldest first, drafts included.
    pub fn messages(&self, address: &str) -> &[Message] {
        let place = self.place(address);
        place.and_then(|place| self.messages.get(&place.0)).map_or(&[], Vec::as_slice)
    }

    /// Puts a message into the inbox of `address`, if that is a mailbox that takes mail.
    pub fn deliver(&mut self, address: &str, message: Message) -> bool {
        let Some(place) = self.place(address).filter(|place| self.at(*place).kind.is_reachable()) else {
            return false;
        };
        let mailbox = &mut self.all[place.0 as usize];
        mailbox.total += 1;
        mailbox.unread += 1;
        self.keep(place, message);
        true
    }

    pub(crate) fn place(&self, address: &str) -> Option<Place> {
        let found = self.by_address.get(address.to_lowercase().as_str()).copied().map(Place);
        found.or_else(|| {
            let id = Uuid::try_parse(address).ok()?;
            let place = Place(id.as_fields().0);
            (place.object_id() == id && (place.0 as usize) < self.all.len()).then_some(place)
        })
    }

    pub(crate) fn at(&self, place: Place) -> &Mailbox {
        &self.all[place.0 as usize]
    }

    pub(crate) fn keep(&mut self, place: Place, message: Message) {
        let kept = self.messages.entry(place.0).or_default();
        if kept.len() == Self::MESSAGES_KEPT {
            kept.remove(0);
        }
        kept.push(message);
    }

    pub(crate) fn kept(&self, place: Place) -> &[Message] {
        self.messages.get(&place.0).map_or(&[], Vec::as_slice)
    }

    /// Takes a message away. Answers whether it was there.
    pub(crate) fn remove(&mut self, place: Place, id: &str) -> bool {
        let Some(kept) = self.messages.get_mut(&place.0) else {
            return false;
        };
        let Some(nth) = kept.iter().position(|message| message.id == id) else {
            return false;
        };
        let gone = kept.remove(nth);
        if !gone.is_draft {
            let mailbox = &mut self.all[place.0 as usize];
            mailbox.total = mailbox.total.saturating_sub(1);
            mailbox.unread = mailbox.unread.saturating_sub(1);
        }
        true
    }
}

impl Place {
    /// The place is in the ID, so that finding by ID needs no second index.
    pub(crate) fn object_id(self) -> Uuid {
        Uuid::from_fields(self.0, 0x5107, 0x4a1d, &[0x8f, 0x0e, 0x51, 0x30, 0x0a, 0x7e, 0x0b, 0x0c])
    }
}
