//! Tells on standard error how far the preparation is.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far it is: on a terminal one line that changes, else a line now and then.
pub(crate) struct Progress {
    all: usize,
    done: AtomicUsize,
    terminal: bool,
}

impl Progress {
    /// Nothing of `all` mailboxes is done.
    pub(crate) fn new(all: usize) -> Self {
        Self { all, done: AtomicUsize::new(0), terminal: io::stderr().is_terminal() }
    }

    /// So many more are done.
    pub(crate) fn done(&self, more: usize) {
        let before = self.done.fetch_add(more, Ordering::Relaxed);
        let now = before + more;
        let every = if self.terminal { 20 } else { self.all.div_ceil(4).max(20) };
        if now / every > before / every || now == self.all {
            self.tell(now);
        }
    }

    fn tell(&self, now: usize) {
        let (start, end) = match (self.terminal, now == self.all) {
            (true, false) => ("\r", ""),
            (true, true) => ("\r", "\n"),
            (false, _) => ("", "\n"),
        };
        // Whether anybody reads it does not matter.
        let _ = write!(io::stderr(), "{start}Preparing {} mailboxes … {now}{end}", self.all);
    }
}
