//! `tokens/health_store.rs`: what the pages of token health read.

use postkey::microsoft::Failure;
use postkey::tokens::health_store as store;
use postkey::tokens::turn_store::{self, Lease, Missed, Whose};
use postkey::words::Cause;

use super::World;
use super::turns::world_with_both;

#[tokio::test]
async fn what_cannot_be_renewed_is_grouped_by_cause_and_application_until_it_is_renewed() {
    for world in World::all().await {
        let (mail, of_application, of_person) = world_with_both(&world).await;
        let failing = async || store::failing(world.db(), world.now()).await.unwrap();
        assert_eq!((store::total(world.db(), 9).await.unwrap(), store::total(world.db(), 1).await.unwrap()), (2, 1));
        assert!(failing().await.is_empty());
        let first = world.now();
        for (whose, id, cause) in [
            (Whose::Application, &of_application, Cause::SecretExpired),
            (Whose::Person, &of_person, Cause::ProviderDown),
        ] {
            for _ in 0..2 {
                let failure = Failure::of(cause, "why", world.now());
                let missed = Missed { failure: &failure, at: world.now(), next_at: world.now().plus(60) };
                world.write(async |tx| turn_store::miss(tx, whose, (id, 1), &missed).await).await;
                world.app.clock.advance(5);
            }
        }
        let mut found = failing().await;
        found.sort_by_key(|it| it.tokens);
        let causes: Vec<_> =
            found.iter().map(|it| (it.cause, it.tokens, it.ended, it.application_id == mail)).collect();
        assert!(causes.contains(&(Cause::SecretExpired, 1, 0, true)), "{causes:?}");
        assert!(causes.contains(&(Cause::ProviderDown, 1, 0, true)), "{causes:?}");
        assert!(found.iter().any(|it| it.since == first), "since the first try in a row");
        world.app.clock.advance(3_600);
        assert!(failing().await.iter().all(|it| it.ended == 1));
        assert_eq!(store::forgotten(world.db(), world.now(), 9).await.unwrap(), 0, "they were tried");

        let token = store::token(world.db(), &of_person).await.unwrap().unwrap();
        assert_eq!((token.failures, token.failing_since.is_some(), token.username.is_some()), (2, true, true));
        assert!(token.failure.contains("provider_down") && token.mailbox.is_some());
        let token = store::token(world.db(), &of_application).await.unwrap().unwrap();
        assert_eq!((token.mailbox_id, token.mailbox, token.username), (None, None, None));
        let all = store::page(world.db(), "", 9).await.unwrap();
        assert_eq!(all.len(), 2);
        assert!(all[0].id < all[1].id);
        let one = store::page(world.db(), "", 1).await.unwrap();
        let other = store::page(world.db(), one[0].id.as_str(), 9).await.unwrap();
        assert_eq!((&one[0].id, &other[0].id, other.len()), (&all[0].id, &all[1].id, 1));
        world.close().await;
    }
}

#[tokio::test]
async fn a_token_that_ended_untried_is_counted_apart() {
    for world in World::all().await {
        let (_, of_application, _) = world_with_both(&world).await;
        world.app.clock.advance(3_600);
        assert_eq!(store::forgotten(world.db(), world.now(), 9).await.unwrap(), 2);
        assert_eq!(store::forgotten(world.db(), world.now(), 1).await.unwrap(), 1);
        let lease = Lease { by: "one", now: world.now(), until: world.now().plus(150) };
        world.write(async |tx| turn_store::begin(tx, Whose::Application, (&of_application, 1), lease).await).await;
        assert_eq!(store::forgotten(world.db(), world.now(), 9).await.unwrap(), 2, "that somebody tries is not enough");
        world.close().await;
    }
}
