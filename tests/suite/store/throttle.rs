//! `users/throttle.rs`.

use std::net::IpAddr;

use postkey::users::throttle::{self, Subject};

use super::World;

fn account() -> [Subject; 1] {
    [Subject::Account("ana@contoso.example".to_owned())]
}

fn address(text: &str) -> [Subject; 1] {
    [Subject::Address(text.parse::<IpAddr>().unwrap())]
}

async fn admit(world: &World, subjects: &[Subject]) -> Result<(), i64> {
    throttle::admit(&world.app, subjects).await.unwrap()
}

async fn forgive(world: &World, subjects: &[Subject]) {
    world.write(async |tx| throttle::forgive(tx, subjects).await).await;
}

/// How many of `tries` pass one after the other.
async fn passed(world: &World, subjects: &[Subject], tries: usize) -> usize {
    let mut passed = 0;
    for _ in 0..tries {
        passed += usize::from(admit(world, subjects).await.is_ok());
    }
    passed
}

#[tokio::test]
async fn a_few_tries_are_free_and_then_each_waits_longer() {
    for world in World::all().await {
        assert_eq!(passed(&world, &account(), 20).await, 6, "five free, and one that begins the wait");
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = admit(&world, &account()).await.unwrap_err();
            waits.push(wait);
            world.app.clock.advance(wait);
            assert_eq!(admit(&world, &account()).await, Ok(()));
        }
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1] || pair[1] == 900), "{waits:?}");
        assert_eq!(waits.last(), Some(&900), "the longest is a quarter of an hour");
        assert_eq!(admit(&world, &[Subject::Account("tom@contoso.example".to_owned())]).await, Ok(()));
        world.close().await;
    }
}

#[tokio::test]
async fn of_many_tries_at_once_no_more_pass_than_one_after_the_other() {
    for world in World::all().await {
        let subjects = account();
        let one = || admit(&world, &subjects);
        let mut all = Vec::new();
        for _ in 0..3 {
            let some: [Result<(), i64>; 4] = <[_; 4]>::from(tokio::join!(one(), one(), one(), one()));
            all.extend(some);
        }
        assert_eq!(all.iter().filter(|done| done.is_ok()).count(), 6, "{all:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_right_password_forgets_the_accounts_failures_but_not_those_of_the_address() {
    for world in World::all().await {
        let both = [account(), address("192.0.2.7")].concat();
        assert_eq!(passed(&world, &both, 5).await, 5);
        forgive(&world, &both).await;
        assert_eq!(world.count("SELECT COUNT(*) FROM throttles").await, 1);
        assert_eq!(world.count("SELECT CAST(SUM(failures) AS BIGINT) FROM throttles").await, 4);
        assert_eq!(passed(&world, &account(), 5).await, 5);
        world.close().await;
    }
}

#[tokio::test]
async fn a_try_that_read_the_clock_and_then_had_to_wait_for_another_is_not_refused() {
    for world in World::all().await {
        let both = [account(), address("192.0.2.7")].concat();
        world.app.clock.advance(1);
        assert_eq!(admit(&world, &both).await, Ok(()));
        world.app.clock.advance(-1);
        assert_eq!(admit(&world, &both).await, Ok(()), "the other try was a second later");
        world.app.clock.advance(1);
        forgive(&world, &both).await;
        world.app.clock.advance(-1);
        assert_eq!(admit(&world, &both).await, Ok(()), "the other one's right password was a second later");
        world.close().await;
    }
}

#[tokio::test]
async fn addresses_of_one_ipv6_host_are_one_and_others_are_others() {
    for world in World::all().await {
        assert_eq!(passed(&world, &address("2001:db8::1"), 20).await, 11);
        assert!(admit(&world, &address("2001:db8::ffff")).await.is_err());
        assert!(admit(&world, &address("2001:db8:0:1::1")).await.is_ok());
        assert!(admit(&world, &address("192.0.2.1")).await.is_ok());
        assert!(admit(&world, &[Subject::Account("2001:db8::1".to_owned())]).await.is_ok());
        world.close().await;
    }
}

#[tokio::test]
async fn a_day_later_everything_is_forgotten() {
    for world in World::all().await {
        assert_eq!(passed(&world, &account(), 20).await, 6);
        world.app.clock.advance(24 * 60 * 60 - 1);
        throttle::sweep(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM throttles").await, 1);
        world.app.clock.advance(1);
        assert_eq!(passed(&world, &account(), 5).await, 5, "failures of a day ago count");
        world.app.clock.advance(24 * 60 * 60);
        throttle::sweep(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM throttles").await, 0);
        world.close().await;
    }
}
