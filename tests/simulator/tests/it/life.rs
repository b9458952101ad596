//! Starting, stopping, TLS.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use postkey_simulator::{Options, Simulator, Tls};
use reqwest::{Certificate, Client};

use serde_json::Value;

use crate::support::{Stage, client};

#[tokio::test]
async fn a_stopped_simulator_frees_its_port_for_the_next() {
    let first = Stage::start().await;
    let address = first.simulator.address();
    assert_eq!(first.ask("Contoso Mail").await.status, 200);
    first.simulator.stop().await;
    assert!(first.client.get(format!("http://{address}/")).send().await.is_err());
    let second = Stage::with(Options { listen: address, ..Options::default() }).await;
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
    let error = Simulator::start(Options { listen, ..Options::default() }).await.err().unwrap();
    assert!(error.to_string().contains(&listen.to_string()), "{error}");
}

#[tokio::test]
async fn https_is_served_under_an_authority_made_at_start() {
    let simulator = with_tls(Tls::TestAuthority).await.unwrap();
    assert!(simulator.authority().starts_with("https://localhost:"));
    let document = "/contoso.example/v2.0/.well-known/openid-configuration";
    let url = format!("{}{document}", simulator.authority());
    assert!(client().get(&url).send().await.is_err(), "nobody trusts it unasked");
    let trusting = trusting(simulator.authority_pem().unwrap());
    let document: Value = trusting.get(&url).send().await.unwrap().json().await.unwrap();
    let issuer = document["issuer"].as_str().unwrap();
    assert!(issuer.starts_with(&simulator.authority()), "{issuer}");
}

#[tokio::test]
async fn https_is_served_with_certificate_and_key_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let simulator = with_tls(Tls::Files { certificate, key }).await.unwrap();
    let answer = trusting(&made.cert.pem()).get(simulator.control()).send().await;
    assert_eq!(answer.unwrap().status(), 200);

    let nothing = folder.path().join("none");
    let missing = Tls::Files { certificate: nothing.clone(), key: nothing };
    let error = with_tls(missing).await.err().unwrap();
    assert!(error.to_string().contains("none"), "{error}");
}

async fn with_tls(tls: Tls) -> anyhow::Result<Simulator> {
    Simulator::start(Options { tls: Some(tls), ..Options::default() }).await
}

fn trusting(pem: &str) -> Client {
    let _ = client();
    let authority = Certificate::from_pem(pem.as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_merge([authority]).build().unwrap()
}

#[tokio::test]
async fn the_program_says_where_it_is_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_postkey-simulator"))
        .args(["--listen", "127.0.0.1:0", "--mailboxes", "1000", "--json", "--tls-test-ca"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let urls: Value = serde_json::from_str(&line).unwrap();
    let trusting = trusting(&std::fs::read_to_string(urls["ca"].as_str().unwrap()).unwrap());
    let estate = trusting.get(format!("{}/api/estate", urls["control"].as_str().unwrap())).send().await.unwrap();
    assert_eq!(estate.json::<Value>().await.unwrap()["mailboxes"], 1_029);
    let ended = Command::new("kill").arg(program.id().to_string()).status().unwrap();
    assert!(ended.success());
    assert!(program.wait().unwrap().success());
}
