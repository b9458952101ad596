//! Names that do not exist, and encrypted connections that must not be trusted.

use std::time::{Duration, Instant};

use postkey::microsoft::{Cloud, GrantType, Microsoft, Tenant};
use postkey::words::Transport;
use postkey_simulator::{Estate, Options, SimClock, Simulator, Tls};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{broken, microsoft_at, nobody, secret};

async fn simulator(tls: Tls) -> Simulator {
    let clock = SimClock::system();
    let estate = Estate::sample(1, clock.now());
    let options = Options { estate, clock, tls: Some(tls), ..Options::default() };
    Simulator::start(options).await.unwrap()
}

async fn asked(microsoft: &Microsoft) -> Transport {
    let started = Instant::now();
    let issued = microsoft.token(&nobody(), &secret("s3cr3t"), &GrantType::ClientCredentials).await;
    assert!(started.elapsed() < Duration::from_secs(8));
    broken(issued)
}

#[tokio::test]
async fn a_company_root_is_trusted_only_when_configured() {
    let sim = simulator(Tls::TestAuthority).await;
    let tenant = Tenant::parse("contoso.example").unwrap();
    let pem = sim.authority_pem().unwrap().to_owned();
    let trusting = microsoft_at(&sim.authority(), &sim.graph(), Some(pem.as_bytes()));
    trusting.tenant(Cloud::Custom, &tenant).await.unwrap();

    let before = sim.requests().len();
    let strict = microsoft_at(&sim.authority(), &sim.graph(), None);
    assert_eq!(asked(&strict).await, Transport::Tls);
    assert_eq!(sim.requests().len(), before, "no request passed the handshake");
}

#[tokio::test]
async fn a_certificate_of_another_name_or_another_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, year) in [("elsewhere.example", 4000), ("localhost", 2020)] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let files = [folder.path().join("certificate.pem"), folder.path().join("key.pem")];
        std::fs::write(&files[0], certificate.pem()).unwrap();
        std::fs::write(&files[1], key.serialize_pem()).unwrap();
        let [certificate_file, key_file] = files;
        let sim = simulator(Tls::Files { certificate: certificate_file, key: key_file }).await;
        let port = sim.address().port();
        let address = format!("https://localhost:{port}");
        let microsoft = microsoft_at(&address, &address, Some(certificate.pem().as_bytes()));
        assert_eq!(asked(&microsoft).await, Transport::Tls, "{name} until {year}");
        assert!(sim.requests().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_tls_is_said_to_be_no_tls() {
    const ALERT_FOR_OLD_VERSION: &[u8] = &[0x15, 3, 1, 0, 2, 2, 0x46];
    for answer in [ALERT_FOR_OLD_VERSION, b"HTTP/1.1 400 Bad Request\r\n\r\n", b""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut hello = [0; 4096];
                let _ = stream.read(&mut hello).await;
                let _ = stream.write_all(answer).await;
            }
        });
        let kind = asked(&microsoft_at(&address, &address, None)).await;
        let closed = answer.is_empty() && matches!(kind, Transport::Reset | Transport::Truncated);
        assert!(kind == Transport::Tls || closed, "{answer:?}: {kind:?}");
    }
}

#[tokio::test]
async fn a_name_without_address_and_a_port_without_listener_are_told_apart() {
    let nowhere = "https://login.postkey-test.invalid";
    assert_eq!(asked(&microsoft_at(nowhere, nowhere, None)).await, Transport::Dns);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(asked(&microsoft_at(&address, &address, None)).await, Transport::Refused);
}
