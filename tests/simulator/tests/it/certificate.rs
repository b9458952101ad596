//! The token endpoint, by certificate.

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use postkey_simulator::{Application, Certificate};
use serde_json::{Value, json};

use crate::{
    people,
    support::{Answer, DEFAULT_SCOPE, Stage, payload},
};

/// A key with a self-signed certificate.
struct Pair {
    key: RsaKeyPair,
    der: Vec<u8>,
    pem: String,
}

impl Pair {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            key: RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap(),
            der: certificate.der().to_vec(),
            pem: certificate.pem(),
        }
    }

    fn sha1(&self) -> Vec<u8> {
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().to_vec()
    }

    fn sha256(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.der).as_ref().to_vec()
    }

    fn assertion(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let scheme: &dyn aws_lc_rs::signature::RsaEncoding =
            if header["alg"] == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
        self.key.sign(scheme, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

struct Vault {
    stage: Stage,
    application: Application,
    pair: Pair,
}

impl Vault {
    async fn open() -> Self {
        let stage = Stage::start().await;
        let pair = Pair::new();
        let certificate = Certificate::parse(pair.pem.as_bytes()).unwrap();
        stage.simulator.estate(|estate| {
            estate.application_mut("Contoso Vault").unwrap().certificates.push(certificate);
        });
        let application = stage.application("Contoso Vault");
        Self { stage, application, pair }
    }

    fn header(&self) -> Value {
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(self.pair.sha256()) })
    }

    fn claims(&self) -> Value {
        let now = Stage::today().as_second();
        json!({
            "aud": self.stage.token_url(&self.application.tenant_id.to_string()),
            "iss": self.application.client_id,
            "sub": self.application.client_id,
            "jti": "2f5b0d8e-34c5-4b0e-9b2c-8f4f0f3a9a11",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        })
    }

    async fn present(&self, header: &Value, claims: &Value) -> Answer {
        self.post(&self.pair.assertion(header, claims)).await
    }

    async fn post(&self, assertion: &str) -> Answer {
        let client_id = self.application.client_id.to_string();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client_id),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
            ("scope", DEFAULT_SCOPE),
        ];
        self.stage.post(&self.application.tenant_id.to_string(), &form).await
    }
}

#[tokio::test]
async fn every_way_libraries_write_a_good_assertion_is_accepted() {
    let vault = Vault::open().await;
    let (sha1, sha256) = (vault.pair.sha1(), vault.pair.sha256());
    let folded: String = STANDARD
        .encode(&vault.pair.der)
        .as_bytes()
        .chunks(64)
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect();
    let headers = [
        json!({ "alg": "RS256", "typ": "JWT", "x5t": URL_SAFE_NO_PAD.encode(&sha1) }),
        json!({ "alg": "RS256", "typ": "JWT", "x5t": STANDARD.encode(&sha1) }),
        json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(&sha256) }),
        vault.header(),
        json!({ "alg": "PS256", "x5t#S256": URL_SAFE.encode(&sha256) }),
        json!({ "alg": "PS256", "x5t#S256": STANDARD.encode(&sha256) }),
        json!({ "alg": "PS256", "x5t#S256": STANDARD_NO_PAD.encode(&sha256) }),
        json!({ "alg": "PS256", "x5t#S256": STANDARD.encode(&sha256), "x5c": folded }),
        json!({ "alg": "PS256", "x5t#S256": STANDARD.encode(&sha256), "x5c": [STANDARD.encode(&vault.pair.der)] }),
    ];
    for header in headers {
        let answer = vault.present(&header, &vault.claims()).await;
        assert_eq!(answer.status, 200, "{header}: {}", answer.text);
        assert_eq!(payload(answer.json()["access_token"].as_str().unwrap())["appidacr"], "2");
    }
}

#[tokio::test]
async fn fractional_times_and_each_form_of_the_audience_are_accepted() {
    let vault = Vault::open().await;
    let mut claims = vault.claims();
    claims["exp"] = json!(Stage::today().as_second() as f64 + 599.25);
    claims["nbf"] = json!(Stage::today().as_second() as f64 - 0.75);
    assert_eq!(vault.present(&vault.header(), &claims).await.status, 200);
    let base = format!("{}/{}", vault.stage.simulator.authority(), vault.application.tenant_id);
    for audience in [format!("{base}/v2.0"), format!("{base}/"), base, vault.stage.token_url("contoso.example")] {
        claims["aud"] = json!(audience);
        let answer = vault.present(&vault.header(), &claims).await;
        assert_eq!(answer.status, 200, "{audience}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_wrong_assertion_is_refused_with_its_own_number() {
    let vault = Vault::open().await;
    let now = Stage::today().as_second();
    let stranger = Pair::new();
    let changed = |name: &str, value: Value| {
        let mut claims = vault.claims();
        claims[name] = value;
        claims
    };
    let unknown_key = json!({ "alg": "PS256", "x5t#S256": URL_SAFE_NO_PAD.encode(stranger.sha256()) });
    let short_thumbprint = json!({ "alg": "PS256", "x5t#S256": URL_SAFE_NO_PAD.encode(vault.pair.sha1()) });
    let other_chain = json!({ "alg": "PS256", "x5t#S256": URL_SAFE_NO_PAD.encode(vault.pair.sha256()),
        "x5c": [STANDARD.encode(&stranger.der)] });
    let good = vault.header();
    let cases = [
        (&unknown_key, vault.claims(), 700_027),
        (&short_thumbprint, vault.claims(), 700_027),
        (&other_chain, vault.claims(), 700_027),
        (&json!({ "alg": "PS256" }), vault.claims(), 700_027),
        (&good, changed("aud", json!("https://elsewhere.example/token")), 50_012),
        (&good, changed("iss", json!("6f1c1b1e-0000-4000-8000-000000000000")), 700_021),
        (&good, changed("sub", json!("somebody else")), 50_048),
        (&good, changed("exp", json!(now - 301)), 700_024),
        (&good, changed("nbf", json!(now + 301)), 700_024),
        (&good, changed("exp", json!("tomorrow")), 50_027),
    ];
    for (header, claims, number) in cases {
        let answer = vault.present(header, &claims).await;
        assert_eq!((answer.status.as_u16(), answer.number()), (401, number), "{header} {claims}");
        assert_eq!(answer.json()["error"], "invalid_client");
    }
    let forged = stranger.assertion(&good, &vault.claims());
    assert_eq!(vault.post(&forged).await.number(), 700_027);
    for garbage in ["x", "a.b.c", "....", "e30.e30.e30"] {
        assert_eq!(vault.post(garbage).await.number(), 50_027, "{garbage}");
    }
}

#[tokio::test]
async fn a_skewed_clock_and_an_expired_certificate_are_told_apart() {
    let vault = Vault::open().await;
    vault.stage.simulator.estate(|estate| estate.settings.skew_seconds = 3_600);
    let answer = vault.present(&vault.header(), &vault.claims()).await;
    assert_eq!(answer.number(), 700_024);
    assert_eq!(answer.headers["date"], "Wed, 06 May 2026 07:03:00 GMT");
    assert!(answer.text.contains("Current time: 2026-05-06T07:03:00.0000000Z"), "{}", answer.text);

    vault.stage.simulator.estate(|estate| estate.settings.skew_seconds = 365 * 24 * 3_600);
    let answer = vault.present(&vault.header(), &vault.claims()).await;
    assert_eq!(answer.number(), 700_027);
    assert!(answer.text.contains("The key used is expired."), "{}", answer.text);
}

#[tokio::test]
async fn without_a_certificate_or_with_another_kind_of_assertion_there_is_no_token() {
    let vault = Vault::open().await;
    let tenant = vault.application.tenant_id.to_string();
    let client_id = vault.application.client_id.to_string();
    let with = |more: [(&'static str, &'static str); 2]| {
        let fixed = [("grant_type", "client_credentials"), ("scope", DEFAULT_SCOPE)];
        fixed.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let cases = [
        ([("client_secret", "anything"), ("x", "")], 7_000_215),
        ([("client_assertion", "a.b.c"), ("x", "")], 900_144),
        ([("client_assertion", "a.b.c"), ("client_assertion_type", "urn:other")], 90_023),
    ];
    for (more, number) in cases {
        let mut form = with(more);
        form.push(("client_id".to_owned(), client_id.clone()));
        let request = vault.stage.client.post(vault.stage.token_url(&tenant)).form(&form);
        assert_eq!(vault.stage.send(request).await.number(), number, "{more:?}");
    }
}

#[test]
fn a_certificate_is_read_from_der_pem_and_bare_base64() {
    let pair = Pair::new();
    let bare = STANDARD.encode(&pair.der);
    let with_key = format!("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n{}", pair.pem);
    for file in [pair.der.as_slice(), pair.pem.as_bytes(), bare.as_bytes(), with_key.as_bytes()] {
        let certificate = Certificate::parse(file).unwrap();
        assert_eq!(certificate.sha1, pair.sha1());
        assert_eq!(certificate.thumbprint().len(), 40);
    }
    for garbage in [b"".as_slice(), b"hello", b"0\x82", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"] {
        assert!(Certificate::parse(garbage).is_err());
    }
}

#[tokio::test]
async fn a_certificate_is_good_for_peoples_grants_too() {
    let vault = Vault::open().await;
    vault.stage.simulator.estate(|estate| {
        estate.sign_in_mut("Contoso Vault").unwrap().redirect_uris.insert("http://localhost/callback".to_owned());
    });
    let code = people::code(&vault.stage, "Contoso Vault", people::OLGA, &[]).await;
    let assertion = vault.pair.assertion(&vault.header(), &vault.claims());
    let proof = [
        ("client_secret", ""),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    let body = people::redeem(&vault.stage, &vault.application, &code, &proof).await.json();
    assert_eq!(payload(people::text(&body, "access_token"))["appidacr"], "2");
    let token = people::text(&body, "refresh_token");
    assert_eq!(people::refresh(&vault.stage, &vault.application, token, &proof).await.status, 200);
    assert_eq!(people::refresh(&vault.stage, &vault.application, token, &[]).await.number(), 7_000_218);
}
