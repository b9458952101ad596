//! Who can log in: one person for each role, all with the same password of words.

use postkey::app::App;
use postkey::chance::Chance;
use postkey::ids::UserId;
use postkey::users::{Role, User, password, store};
use secrecy::SecretString;

const WORDS: [&str; 64] = [
    "acorn", "amber", "anchor", "apron", "aspen", "badge", "basil", "beacon", "birch", "bison", "bottle", "bridge",
    "butter", "cactus", "candle", "canoe", "carbon", "cedar", "cherry", "clover", "cobalt", "copper", "coral",
    "cotton", "dragon", "falcon", "fennel", "ferry", "forest", "garlic", "ginger", "glider", "hammer", "harbor",
    "hazel", "hollow", "honey", "island", "ivory", "jasper", "kettle", "ladder", "lantern", "lemon", "linen", "magnet",
    "maple", "marble", "meadow", "mirror", "nickel", "orchid", "otter", "paddle", "pepper", "pigeon", "pillow",
    "quartz", "ribbon", "saddle", "salmon", "thunder", "velvet", "walnut",
];

/// How many words make a password.
const WORDS_IN_PASSWORD: usize = 4;

/// Name, part of the address before the `@`, and role. The first one owns Postkey.
const PEOPLE: [(&str, &str, Role); 5] = [
    ("Ana Ruiz", "ana", Role::Owner),
    ("Tom Baker", "tom", Role::ApplicationAdministrator),
    ("Mia Novak", "mia", Role::MailboxAdministrator),
    ("Oskar Lind", "oskar", Role::Operator),
    ("Vera Haas", "vera", Role::Viewer),
];

/// Who adds things in the sample data.
pub(crate) const APPLICATION_ADMINISTRATOR: &str = "Tom Baker";
/// Who adds mailboxes in the sample data.
pub(crate) const MAILBOX_ADMINISTRATOR: &str = "Mia Novak";

/// A person with an account.
pub(crate) struct Person {
    /// What the person is called.
    pub(crate) name: &'static str,
    /// What the person logs in with.
    pub(crate) email: String,
    /// What the person may do.
    pub(crate) role: Role,
}

/// Everybody with an account.
pub(crate) struct People {
    /// The owner first.
    pub(crate) all: Vec<Person>,
    /// Everybody's password.
    pub(crate) password: String,
}

impl People {
    /// The people, with the password of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let bytes = Chance::seeded(seed).bytes::<WORDS_IN_PASSWORD>();
        let words: Vec<&str> = bytes.iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).collect();
        let person = |(name, local, role): (&'static str, &str, Role)| Person {
            name,
            email: format!("{local}@contoso.example"),
            role,
        };
        Self { all: PEOPLE.into_iter().map(person).collect(), password: words.join("-") }
    }

    /// Makes the accounts, as the first set-up and the command line do.
    pub(crate) async fn make(&self, app: &App) -> anyhow::Result<()> {
        let hash = password::hash(app, SecretString::from(self.password.clone())).await?;
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        store::mark_set_up(&mut tx, now).await?;
        for person in &self.all {
            let id = UserId::new(now, &app.chance);
            let user = User { id, email: person.email.clone(), name: person.name.to_owned(), role: person.role };
            anyhow::ensure!(
                store::insert(&mut tx, &user, &hash, now).await?,
                "{} already has an account",
                person.email
            );
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_fixed_by_the_seed_and_good_enough_for_postkey() {
        assert_eq!(People::new(7).password, People::new(7).password);
        assert_ne!(People::new(7).password, People::new(8).password);
        for seed in 0..500 {
            let people = People::new(seed);
            let password = SecretString::from(people.password.clone());
            for person in &people.all {
                assert_eq!(
                    password::acceptable(&password, &person.email, &["Contoso", "127.0.0.1"]),
                    Ok(()),
                    "seed {seed}: {}",
                    people.password
                );
            }
        }
    }

    #[test]
    fn there_is_one_person_for_each_role() {
        let roles: Vec<Role> = People::new(1).all.into_iter().map(|person| person.role).collect();
        assert!(Role::ALL.iter().all(|role| roles.contains(role)));
        assert_eq!(roles[0], Role::Owner);
    }
}
