//! Discovery, signing keys, instance discovery.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::support::{Answer, Stage};

async fn configuration(stage: &Stage, tenant: &str) -> Answer {
    let url = format!("{}/{tenant}/v2.0/.well-known/openid-configuration", stage.simulator.authority());
    stage.send(stage.client.get(url)).await
}

#[tokio::test]
async fn a_domain_and_a_guid_lead_to_the_same_document_with_the_guid() {
    let stage = Stage::start().await;
    let id = stage.application("Contoso Mail").tenant_id.to_string();
    let by_id = configuration(&stage, &id).await;
    assert_eq!(by_id.status, 200);
    for name in ["contoso.example", "Contoso.Onmicrosoft.Example", &id.to_uppercase()] {
        assert_eq!(configuration(&stage, name).await.text, by_id.text, "{name}");
    }
    let document = by_id.json();
    let base = format!("{}/{id}", stage.simulator.authority());
    assert_eq!(document["issuer"], format!("{base}/v2.0"));
    assert_eq!(document["token_endpoint"], format!("{base}/oauth2/v2.0/token"));
    assert_eq!(document["authorization_endpoint"], format!("{base}/oauth2/v2.0/authorize"));
    assert_eq!(document["jwks_uri"], format!("{base}/discovery/v2.0/keys"));
    assert_eq!(document["tenant_region_scope"], "EU");
    assert_eq!(document.as_object().unwrap().len(), 23);
}

#[tokio::test]
async fn common_has_the_literal_tenantid_in_its_issuer() {
    let stage = Stage::start().await;
    for name in ["common", "organizations"] {
        let document = configuration(&stage, name).await.json();
        assert_eq!(document["issuer"], format!("{}/{{tenantid}}/v2.0", stage.simulator.authority()));
        assert_eq!(document["token_endpoint"], stage.token_url(name));
        assert_eq!(document["tenant_region_scope"], Value::Null);
    }
}

#[tokio::test]
async fn an_unknown_tenant_has_no_document() {
    let stage = Stage::start().await;
    for (name, number, error) in [
        ("nowhere.example", 90_002, "invalid_tenant"),
        ("6f1c1b1e-0000-4000-8000-000000000000", 90_002, "invalid_tenant"),
        ("not%20a%20tenant", 900_023, "invalid_request"),
    ] {
        let answer = configuration(&stage, name).await;
        assert_eq!((answer.status.as_u16(), answer.number()), (400, number), "{name}");
        assert_eq!(answer.json()["error"], error);
    }
}

async fn keys(stage: &Stage) -> Vec<Value> {
    let url = format!("{}/contoso.example/discovery/v2.0/keys", stage.simulator.authority());
    stage.send(stage.client.get(url)).await.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn tokens_verify_with_the_published_key_they_name() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("JWT"), Some("RS256")));
    let keys = keys(&stage).await;
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!(key["x5t"], header["x5t"]);
    assert_eq!((key["kty"].as_str(), key["use"].as_str(), key["e"].as_str()), (Some("RSA"), Some("sig"), Some("AQAB")));
    assert_eq!(key["issuer"], format!("{}/{{tenantid}}/v2.0", stage.simulator.authority()));
    assert!(STANDARD.decode(key["x5c"][0].as_str().unwrap()).is_ok());
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn a_rolled_key_leaves_old_tokens_good_unless_the_old_key_is_forgotten() {
    let stage = Stage::start().await;
    let first = stage.token("Contoso Mail").await;
    stage.simulator.roll_signing_key(false).unwrap();
    let second = stage.token("Contoso Mail").await;
    assert_eq!(keys(&stage).await.len(), 2);
    assert_eq!(stage.inbox(&first, "support@contoso.example").await.status, 200);
    assert_eq!(stage.inbox(&second, "support@contoso.example").await.status, 200);

    stage.simulator.roll_signing_key(true).unwrap();
    assert_eq!(keys(&stage).await.len(), 1);
    let refused = stage.inbox(&second, "support@contoso.example").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "InvalidAuthenticationToken"));
    let third = stage.token("Contoso Mail").await;
    assert_eq!(stage.inbox(&third, "support@contoso.example").await.status, 200);
}

#[tokio::test]
async fn instance_discovery_knows_its_own_host_only() {
    let stage = Stage::start().await;
    let authority = stage.simulator.authority();
    let ask = async |endpoint: &str| {
        let url = format!("{authority}/common/discovery/instance");
        let query = [("api-version", "1.1"), ("authorization_endpoint", endpoint)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        stage.send(stage.client.get(format!("{url}?{query}"))).await
    };
    let known = ask(&format!("{authority}/contoso.example/oauth2/v2.0/authorize")).await.json();
    let document = format!("{authority}/contoso.example/v2.0/.well-known/openid-configuration");
    assert_eq!(known["tenant_discovery_endpoint"], document);
    assert_eq!(known["metadata"][0]["preferred_network"], authority.strip_prefix("http://").unwrap());
    for unknown in ["https://elsewhere.example/common/oauth2/v2.0/authorize", "nonsense"] {
        let answer = ask(unknown).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"], "invalid_instance");
    }
}
