//! `users/store.rs`: accounts and the set-up code.

use postkey::error::AppError;
use postkey::ids::UserId;
use postkey::users::store;
use postkey::users::{Role, User};

use super::World;

fn person(world: &World, email: &str, role: Role) -> User {
    let id = UserId::new(world.now(), &world.app.chance);
    User { id, email: email.to_owned(), name: "Ana Ruiz".to_owned(), role }
}

async fn added(world: &World, email: &str, role: Role) -> User {
    let user = person(world, email, role);
    assert!(world.write(async |tx| store::insert(tx, &user, "hash", world.now()).await).await);
    user
}

#[tokio::test]
async fn an_account_is_found_by_its_address_in_any_case_and_taken_once() {
    for world in World::all().await {
        let ana = added(&world, "Ána@Contoso.example", Role::Owner).await;
        for email in ["ána@contoso.example", " ÁNA@CONTOSO.EXAMPLE "] {
            let row = store::for_login(world.db(), email).await.unwrap().unwrap();
            assert_eq!((row.user, row.password_hash.as_str(), row.session_epoch), (ana.clone(), "hash", 1));
            let again = person(&world, email.trim(), Role::Viewer);
            assert!(!world.undo(async |tx| store::insert(tx, &again, "other", world.now()).await).await);
        }
        for nobody in ["%", "ana@contoso.example", "", "x\0@contoso.example"] {
            let found = store::for_login(world.db(), nobody).await;
            assert!(matches!(found, Ok(None) | Err(AppError::BadRequest(_))), "{nobody}: {found:?}");
        }
        world.close().await;
    }
}

#[tokio::test]
async fn everybody_is_listed_by_address_with_every_role() {
    for world in World::all().await {
        for (number, role) in Role::ALL.into_iter().enumerate() {
            added(&world, &format!("{}@x.example", ["e", "D", "c", "B", "a"][number]), role).await;
        }
        let all = store::all(world.db()).await.unwrap();
        let all: Vec<_> = all.iter().map(|user| (user.email.as_str(), user.role)).collect();
        let letters = ["a@x.example", "B@x.example", "c@x.example", "D@x.example", "e@x.example"];
        let expected: Vec<_> = letters.into_iter().zip(Role::ALL.into_iter().rev()).collect();
        assert_eq!(all, expected);
        world.close().await;
    }
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_a_stronger_hash_none() {
    for world in World::all().await {
        let ana = added(&world, "ana@contoso.example", Role::Owner).await;
        world.write(async |tx| store::upgrade_hash(tx, &ana.id, "stronger").await).await;
        let row = store::for_login(world.db(), &ana.email).await.unwrap().unwrap();
        assert_eq!((row.password_hash.as_str(), row.session_epoch), ("stronger", 1));
        assert_eq!(store::by_session(world.db(), &ana.id, 1).await.unwrap(), Some(ana.clone()));
        assert!(world.write(async |tx| store::set_password(tx, "ANA@contoso.example", "new").await).await);
        assert_eq!(store::by_session(world.db(), &ana.id, 1).await.unwrap(), None);
        assert_eq!(store::by_session(world.db(), &ana.id, 2).await.unwrap(), Some(ana.clone()));
        assert!(!world.write(async |tx| store::set_password(tx, "tom@contoso.example", "new").await).await);
        world.by_hand("UPDATE users SET disabled_at = 1").await;
        assert_eq!(store::by_session(world.db(), &ana.id, 2).await.unwrap(), None);
        assert!(store::for_login(world.db(), &ana.email).await.unwrap().is_none());
        assert!(store::all(world.db()).await.unwrap().is_empty());
        world.close().await;
    }
}

#[tokio::test]
async fn a_set_up_code_is_good_until_it_ends_is_replaced_or_is_taken_once() {
    for world in World::all().await {
        let (now, ends) = (world.now(), world.now().plus(60));
        let good = async |code: &str, at| store::code_is_good(world.db(), code, at).await.unwrap();
        world.write(async |tx| store::replace_code(tx, "first", ends).await).await;
        assert!(good("first", now).await);
        assert!(!good("first", ends).await && !good("FIRST", now).await && !good("", now).await);
        world.write(async |tx| store::replace_code(tx, "second", ends).await).await;
        assert!(!good("first", now).await && good("second", now).await);
        assert!(!world.write(async |tx| store::take_code(tx, "second", ends).await).await, "it has ended");
        let take = async || {
            let mut tx = world.db().begin().await.unwrap();
            let taken = store::take_code(&mut tx, "second", now).await.unwrap();
            tx.commit().await.unwrap();
            taken
        };
        let taken = <[bool; 3]>::from(tokio::join!(take(), take(), take()));
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn the_first_account_is_made_once() {
    for world in World::all().await {
        assert!(!store::is_set_up(world.db()).await.unwrap());
        assert!(world.undo(async |tx| store::mark_set_up(tx, world.now()).await).await);
        assert!(!store::is_set_up(world.db()).await.unwrap(), "what was dropped counts");
        assert!(world.write(async |tx| store::mark_set_up(tx, world.now()).await).await);
        assert!(!world.write(async |tx| store::mark_set_up(tx, world.now()).await).await);
        assert!(store::is_set_up(world.db()).await.unwrap());
        world.close().await;
    }
}

#[tokio::test]
async fn an_impossible_role_is_refused_by_the_table() {
    for world in World::all().await {
        let ana = added(&world, "ana@contoso.example", Role::Owner).await;
        let text = sqlx::AssertSqlSafe(format!("UPDATE users SET role = 'emperor' WHERE id = '{}'", ana.id));
        let refused = match world.db() {
            postkey::db::Db::Sqlite { write, .. } => sqlx::query(text).execute(write).await.is_err(),
            postkey::db::Db::Postgres(pool, ..) => sqlx::query(text).execute(pool).await.is_err(),
        };
        assert!(refused);
        world.close().await;
    }
}
