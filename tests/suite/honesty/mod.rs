//! What is shown is true, whatever the state: no page fails because something behind it did, nothing is shown as good before it was
//! proven, and every place says the same.

mod alerts;
mod everywhere;
mod table;
mod watch;
