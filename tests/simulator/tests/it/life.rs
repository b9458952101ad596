//! Starting, stopping, TLS.

use std::time::Duration;

use postkey_simulator::{Options, Simulator, Tls};
use reqwest::{Certificate, Client};

use crate::support::{Stage, client};

#[tokio::test]
async fn a_stopped_simulator_frees_its_port_for_the_next() {
    let first = Stage::start().await;
    let address = first.simulator.address();
    assert_eq!(first.ask("Contoso Mail").await.status, 200);
    first.simulator.stop().await;
    assert!(
        first
            .client
            .get(format!("http://{address}/"))
            .send()
            .await
            .is_err()
    );
    let second = Stage::with(Options {
        listen: address,
        ..Options::default()
    })
    .await;
    assert_eq!(second.ask("Contoso Mail").await.status, 200);
}

#[tokio::test]
async fn a_dropped_simulator_ends() {
    let stage = Stage::start().await;
    let url = stage.simulator.control();
    drop(stage.simulator);
    for _ in 0..100 {
        if client().get(&url).send().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it still answers");
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let stage = Stage::start().await;
    let listen = stage.simulator.address();
    let error = Simulator::start(Options {
        listen,
        ..Options::default()
    })
    .await
    .err()
    .unwrap();
    assert!(error.to_string().contains(&listen.to_string()), "{error}");
}

#[tokio::test]
async fn https_is_served_with_a_test_authority_or_with_files() {
    let simulator = Simulator::start(Options {
        tls: Some(Tls::TestAuthority),
        ..Options::default()
    })
    .await
    .unwrap();
    assert!(simulator.authority().starts_with("https://localhost:"));
    let plain = client();
    let url = format!(
        "{}/contoso.example/v2.0/.well-known/openid-configuration",
        simulator.authority()
    );
    assert!(
        plain.get(&url).send().await.is_err(),
        "nobody trusts it unasked"
    );
    let authority = Certificate::from_pem(simulator.authority_pem().unwrap().as_bytes()).unwrap();
    let trusting = Client::builder()
        .no_proxy()
        .tls_certs_merge([authority])
        .build()
        .unwrap();
    let document: serde_json::Value = trusting
        .get(&url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        document["issuer"]
            .as_str()
            .unwrap()
            .starts_with(&simulator.authority())
    );

    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, private) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, key.cert.pem()).unwrap();
    std::fs::write(&private, key.signing_key.serialize_pem()).unwrap();
    let tls = Some(Tls::Files {
        certificate: certificate.clone(),
        key: private,
    });
    let with_files = Simulator::start(Options {
        tls,
        ..Options::default()
    })
    .await
    .unwrap();
    let trust = Certificate::from_pem(&std::fs::read(&certificate).unwrap()).unwrap();
    let trusting = Client::builder()
        .no_proxy()
        .tls_certs_merge([trust])
        .build()
        .unwrap();
    assert_eq!(
        trusting
            .get(with_files.control())
            .send()
            .await
            .unwrap()
            .status(),
        200
    );

    let missing = Some(Tls::Files {
        certificate: folder.path().join("none"),
        key: folder.path().join("none"),
    });
    assert!(
        Simulator::start(Options {
            tls: missing,
            ..Options::default()
        })
        .await
        .is_err()
    );
}
