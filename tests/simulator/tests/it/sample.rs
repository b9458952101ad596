//! The sample estate.

use postkey_simulator::{Estate, Options, SimClock};

use crate::support::Stage;

#[tokio::test]
async fn every_sample_application_does_what_its_state_says() {
    let stage = Stage::start().await;
    // Name, state, AADSTS number or 0, status of an inbox read, status of a send.
    let table = [
        ("Contoso Mail", "healthy", 0, 200, 202),
        ("Contoso Archive", "expired_secret", 7_000_222, 0, 0),
        ("Contoso Intranet", "no_consent", 0, 403, 403),
        ("Contoso Warehouse", "blocked", 53_003, 0, 0),
        ("Contoso Vault", "certificate", 7_000_218, 0, 0),
        ("Contoso Reader", "read_only", 0, 200, 403),
        ("Contoso Support Desk", "limited", 0, 200, 202),
        ("Contoso Invoices", "policy", 0, 403, 403),
        ("Contoso Retired", "disabled", 7_000_112, 0, 0),
        ("Fabrikam Mail", "healthy", 0, 200, 202),
        ("Contoso Sign-in", "no_consent", 0, 403, 403),
        ("Contoso Approval", "no_consent", 0, 403, 403),
        ("Contoso Assigned", "no_consent", 0, 403, 403),
        ("Fabrikam Sign-in", "no_consent", 0, 403, 403),
    ];
    assert_eq!(stage.simulator.estate(|estate| estate.applications().len()), table.len());
    for (name, state, number, read, send) in table {
        let application = stage.application(name);
        assert_eq!(application.state(Stage::today()).as_str(), state, "{name}");
        let answer = stage.ask(name).await;
        if number > 0 {
            assert_eq!(answer.number(), number, "{name}");
            continue;
        }
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let domain = if name.starts_with("Contoso") { "contoso.example" } else { "fabrikam.example" };
        let mailbox = format!("support@{domain}");
        assert_eq!(stage.inbox(&token, &mailbox).await.status, read, "{name}");
        let url = stage.graph_url(&format!("/users/{mailbox}/sendMail"));
        let letter = serde_json::json!({ "message": { "toRecipients": [{ "emailAddress": { "address": mailbox } }] } });
        let sent = stage.send(stage.client.post(url).bearer_auth(&token).json(&letter)).await;
        assert_eq!(sent.status, send, "{name}");
    }
}

#[tokio::test]
async fn a_seed_repeats_the_estate_and_the_answers() {
    let secrets = |seed| {
        let estate = Estate::sample(seed, Stage::today());
        let all = estate.applications().iter();
        all.map(|it| (it.client_id, it.secret_id(), it.secret().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(secrets(7), secrets(7));
    assert_ne!(secrets(7), secrets(8));
    let mut payloads = Vec::new();
    for _ in 0..2 {
        let stage = Stage::start().await;
        let mut claims = crate::support::payload(&stage.token("Contoso Mail").await);
        for with_port in ["iss", "idp"] {
            claims.as_object_mut().unwrap().remove(with_port);
        }
        payloads.push(claims);
    }
    assert_eq!(payloads[0], payloads[1]);
}

#[test]
fn what_a_seed_gave_before_there_were_people_it_goes_on_giving() {
    let estate = Estate::sample(7, Stage::today());
    let said = |name: &str| {
        let application = estate.application(name).unwrap();
        format!("{} {}", application.client_id, application.secret())
    };
    assert_eq!(said("Contoso Mail"), "8d91efc5-106f-43a3-9c7e-5449c4bbe05a UHj8Q~KKOYiXVE3aH6CC22LzEoFwb0jBZChRno0R");
    assert_eq!(said("Fabrikam Mail"), "fa15174c-227d-4037-bc8e-7b421fd5d0d9 5Gk8Q~ta3x4eYFRMXi69vCs3VJFUGLAy.YVBzMBx");
    let places: Vec<&str> = estate.mailboxes.iter().map(|mailbox| mailbox.address()).take(20).collect();
    assert_eq!((places[0], places[19]), ("support@contoso.example", "kiosk@fabrikam.example"));
}

#[test]
fn sample_secrets_look_like_entras_and_never_like_a_guid() {
    let estate = Estate::sample(1, Stage::today());
    for application in estate.applications().iter().filter(|it| !it.secrets.is_empty()) {
        let secret = application.secret();
        assert_eq!(secret.len(), 40);
        assert_eq!(&secret[3..6], "8Q~");
        assert!(secret.chars().all(|c| c.is_ascii_alphanumeric() || "~._-".contains(c)), "{secret}");
        assert_eq!(application.secrets[0].hint(), &secret[..3]);
    }
}

#[tokio::test]
async fn a_following_clock_shows_another_clocks_time() {
    let leader = SimClock::standing(Stage::today());
    let follower = leader.clone();
    let stage = Stage::with(Options {
        estate: Estate::sample(7, Stage::today()),
        clock: SimClock::following(move || follower.now()),
        ..Options::default()
    })
    .await;
    assert_eq!(stage.ask("Contoso Mail").await.status, 200);
    leader.advance(std::time::Duration::from_secs(200 * 24 * 3_600));
    assert_eq!(stage.ask("Contoso Mail").await.number(), 7_000_222);
}
