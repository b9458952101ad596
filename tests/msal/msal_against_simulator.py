"""Runs MSAL for Python against the simulator given as the first argument, and counts what holds."""

import datetime
import json
import logging
import os
import subprocess
import sys
import tempfile
import traceback
import urllib.parse
import warnings

import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

SCOPES = ["https://graph.microsoft.com/.default"]
MAIL_SCOPES = [f"https://graph.microsoft.com/{name}" for name in ["User.Read", "Mail.ReadWrite", "Mail.Send"]]
CALLBACK = "http://localhost:7777/callback"
OLGA = "olga@contoso.example"
JAN = "jan@contoso.example"


class Simulator:
    """The running simulator, by its control API."""

    def __init__(self, binary, folder):
        command = [binary, "--listen", "127.0.0.1:0", "--json", "--tls-test-ca", folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.urls = json.loads(self.process.stdout.readline())
        os.environ["REQUESTS_CA_BUNDLE"] = self.urls["ca"]

    def api(self, method, path, **more):
        answer = requests.request(method, f"{self.urls['control']}/api{path}", timeout=20, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def application(self, name):
        return next(it for it in self.api("GET", "/estate")["applications"] if it["name"] == name)

    def token_requests(self):
        return self.api("GET", "/counts").get("token", 0)

    def fault(self, failure, times):
        self.api("POST", "/faults", json={"place": "token", "failure": failure, "times": times})

    def reset(self):
        self.api("DELETE", "/faults")
        self.api("DELETE", "/requests")

    def client(self, application, credential=None, tenant=None, client_id=None):
        if credential is None:
            credential = application["secrets"][-1]["value"]
        return msal.ConfidentialClientApplication(
            client_id or application["client_id"],
            client_credential=credential,
            authority=f"{self.urls['authority']}/{tenant or application['tenant_id']}",
            instance_discovery=False,
        )

    def approve(self, address, person, decline=False):
        """The query with which the browser comes back after `person` signed in at `address`."""
        asked = {"address": address, "person": person, "decline": decline}
        location = self.api("POST", "/approve", json=asked)["location"]
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query, keep_blank_values=True))

    def grants(self):
        return self.api("GET", "/grants")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def ask(client):
    return client.acquire_token_for_client(scopes=SCOPES)


def raised(action):
    """What `action` raises, or None."""
    try:
        action()
    except Exception as error:  # whatever MSAL lets through is what is looked at
        return error
    return None


def a_secret_gets_a_token_that_reads_mail(simulator):
    result = ask(simulator.client(simulator.application("Contoso Mail")))
    assert result["token_type"] == "Bearer", result
    assert 3600 <= result["expires_in"] <= 5400, result["expires_in"]
    inbox = f"{simulator.urls['graph']}/v1.0/users/support@contoso.example/mailFolders/inbox"
    answer = requests.get(inbox, headers={"Authorization": f"Bearer {result['access_token']}"}, timeout=20)
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalItemCount"] == 128, answer.text


def the_tenant_may_be_named_by_its_domain(simulator):
    result = ask(simulator.client(simulator.application("Contoso Mail"), tenant="contoso.example"))
    assert "access_token" in result, result


def a_second_call_is_answered_from_the_cache(simulator):
    client = simulator.client(simulator.application("Contoso Mail"))
    first, second = ask(client), ask(client)
    assert first["token_source"] == "identity_provider", first
    assert second["token_source"] == "cache", second
    assert second["access_token"] == first["access_token"]
    assert simulator.token_requests() == 1, simulator.token_requests()


def key_and_certificate():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MSAL proof")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    no_password = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
    return private.decode(), certificate


def a_certificate_gets_a_token_once_it_is_uploaded(simulator):
    vault = simulator.application("Contoso Vault")
    private, certificate = key_and_certificate()
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    credential = {"private_key": private, "public_certificate": pem}
    before = ask(simulator.client(vault, credential))
    assert before["error_codes"] == [700027], before
    simulator.api("POST", f"/applications/{vault['client_id']}/certificates", data=pem)
    after = ask(simulator.client(vault, credential))
    assert "access_token" in after, after


def a_certificate_named_by_its_sha1_thumbprint_gets_a_token(simulator):
    vault = simulator.application("Contoso Vault")
    private, certificate = key_and_certificate()
    der = certificate.public_bytes(serialization.Encoding.DER)
    simulator.api("POST", f"/applications/{vault['client_id']}/certificates", data=der)
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex()
    result = ask(simulator.client(vault, {"private_key": private, "thumbprint": thumbprint}))
    assert "access_token" in result, result


def refused(simulator, error, number, client):
    result = ask(client)
    assert result.get("error") == error, result
    assert result["error_codes"] == [number], result
    assert result["error_description"].startswith(f"AADSTS{number}: "), result
    assert result["correlation_id"], result
    assert simulator.token_requests() == 1, simulator.token_requests()


def a_wrong_secret_is_an_invalid_client(simulator):
    mail = simulator.application("Contoso Mail")
    refused(simulator, "invalid_client", 7000215, simulator.client(mail, mail["secrets"][0]["id"]))


def an_expired_secret_is_an_invalid_client(simulator):
    refused(simulator, "invalid_client", 7000222, simulator.client(simulator.application("Contoso Archive")))


def an_unknown_application_is_an_unauthorized_client(simulator):
    mail = simulator.application("Contoso Mail")
    client = simulator.client(mail, client_id="6f1c1b1e-0000-4000-8000-000000000000")
    refused(simulator, "unauthorized_client", 700016, client)


def a_disabled_application_is_an_unauthorized_client(simulator):
    refused(simulator, "unauthorized_client", 7000112, simulator.client(simulator.application("Contoso Retired")))


def conditional_access_is_told(simulator):
    refused(simulator, "invalid_grant", 53003, simulator.client(simulator.application("Contoso Warehouse")))


def an_unknown_tenant_is_told_before_any_secret_is_sent(simulator):
    mail = simulator.application("Contoso Mail")
    unknown = "6f1c1b1e-0000-4000-8000-000000000000"
    error = raised(lambda: ask(simulator.client(mail, tenant=unknown)))
    assert isinstance(error, ValueError), repr(error)
    reason = str(error.__context__)
    assert "invalid_tenant" in reason and "AADSTS90002" in reason, reason
    assert simulator.token_requests() == 0, simulator.token_requests()


def throttling_is_remembered_and_not_repeated(simulator):
    client = simulator.client(simulator.application("Contoso Mail"))
    simulator.fault({"throttle": {"seconds": 60}}, times=1)
    first = raised(lambda: ask(client))
    assert isinstance(first, ValueError), repr(first)
    assert simulator.token_requests() == 1, simulator.token_requests()
    second = raised(lambda: ask(client))
    assert isinstance(second, ValueError), repr(second)
    assert simulator.token_requests() == 1, "MSAL waits as Retry-After says"


def a_server_error_is_raised_and_passes(simulator):
    simulator.fault({"status": {"status": 503, "page": "html", "retry_after": "absent"}}, times=1)
    error = raised(lambda: ask(simulator.client(simulator.application("Contoso Mail"))))
    assert "503" in str(error), repr(error)
    result = ask(simulator.client(simulator.application("Contoso Mail")))
    assert "access_token" in result, result


def signed_in(simulator, person, **more):
    """An MSAL client and the answer it got for `person`."""
    client = simulator.client(simulator.application("Contoso Sign-in"))
    flow = client.initiate_auth_code_flow(MAIL_SCOPES, redirect_uri=CALLBACK, **more)
    response = simulator.approve(flow["auth_uri"], person)
    return client, client.acquire_token_by_auth_code_flow(flow, response), (flow, response)


def a_person_signs_in_and_reads_mail(simulator):
    client, result, _ = signed_in(simulator, OLGA, login_hint=OLGA, prompt="login")
    assert "access_token" in result, result
    claims = result["id_token_claims"]
    assert claims["preferred_username"] == OLGA, claims
    assert claims["tid"] == simulator.application("Contoso Sign-in")["tenant_id"], claims
    assert result["client_info"]
    account = client.get_accounts()[0]
    assert account["username"] == OLGA, account
    assert account["home_account_id"] == f"{claims['oid']}.{claims['tid']}", account
    headers = {"Authorization": f"Bearer {result['access_token']}"}
    me = requests.get(f"{simulator.urls['graph']}/v1.0/me", headers=headers, timeout=20)
    assert me.json()["mail"] == OLGA, me.text


def the_cache_answers_and_then_the_refresh_token_does(simulator):
    client, first, _ = signed_in(simulator, OLGA)
    account = client.get_accounts()[0]
    cached = client.acquire_token_silent_with_error(MAIL_SCOPES, account)
    assert cached["access_token"] == first["access_token"], cached
    renewed = client.acquire_token_silent_with_error(MAIL_SCOPES, account, force_refresh=True)
    assert renewed["access_token"] != first["access_token"], renewed
    assert simulator.grants()[-1]["generation"] == 2, simulator.grants()[-1]


def a_refresh_token_is_used_by_itself(simulator):
    client, first, _ = signed_in(simulator, JAN)
    result = client.acquire_token_by_refresh_token(first["refresh_token"], MAIL_SCOPES)
    assert "access_token" in result and result["refresh_token"] != first["refresh_token"], result
    again = client.acquire_token_by_refresh_token(first["refresh_token"], MAIL_SCOPES)
    assert "access_token" in again, again


def a_code_is_redeemed_by_itself_and_a_replay_is_an_invalid_grant(simulator):
    client = simulator.client(simulator.application("Contoso Sign-in"))
    address = client.get_authorization_request_url(MAIL_SCOPES, redirect_uri=CALLBACK, state="s", nonce="n")
    code = simulator.approve(address, OLGA)["code"]
    result = client.acquire_token_by_authorization_code(code, MAIL_SCOPES, redirect_uri=CALLBACK, nonce="n")
    assert "access_token" in result, result
    replay = client.acquire_token_by_authorization_code(code, MAIL_SCOPES, redirect_uri=CALLBACK, nonce="n")
    assert replay["error"] == "invalid_grant" and replay["error_codes"] == [54005], replay


def a_forged_state_and_a_wrong_nonce_are_noticed(simulator):
    client, _, (flow, response) = signed_in(simulator, OLGA)
    forged = raised(lambda: client.acquire_token_by_auth_code_flow(flow, {**response, "state": "another"}))
    assert "state" in str(forged), repr(forged)
    simulator.fault({"bent": "id_token_nonce"}, times=1)
    wrong = raised(lambda: signed_in(simulator, OLGA))
    assert "nonce" in str(wrong), repr(wrong)


def a_declined_consent_is_told(simulator):
    client = simulator.client(simulator.application("Contoso Sign-in"))
    flow = client.initiate_auth_code_flow(["https://graph.microsoft.com/MailboxSettings.Read"], redirect_uri=CALLBACK)
    response = simulator.approve(flow["auth_uri"], JAN, decline=True)
    result = client.acquire_token_by_auth_code_flow(flow, response)
    assert result["error"] == "access_denied", result
    assert result["error_description"].startswith("AADSTS65004"), result


def revoked_sessions_end_the_refresh_token(simulator):
    client, first, _ = signed_in(simulator, OLGA)
    simulator.api("POST", f"/people/{OLGA}", json={"revoke_sessions": True})
    result = client.acquire_token_by_refresh_token(first["refresh_token"], MAIL_SCOPES)
    assert result["error"] == "invalid_grant" and result["error_codes"] == [50173], result
    account = client.get_accounts()[0]
    silent = client.acquire_token_silent_with_error(MAIL_SCOPES, account, force_refresh=True)
    assert silent is None or silent["error_codes"] == [50173], silent
    _, again, _ = signed_in(simulator, OLGA)
    assert "access_token" in again, again


def a_second_factor_wanted_later_is_an_interaction(simulator):
    client, first, _ = signed_in(simulator, JAN)
    simulator.api("POST", f"/people/{JAN}", json={"mfa": True})
    result = client.acquire_token_by_refresh_token(first["refresh_token"], MAIL_SCOPES)
    simulator.api("POST", f"/people/{JAN}", json={"mfa": False})
    assert result["error"] == "invalid_grant" and result["suberror"] == "basic_action", result


CHECKS = [
    a_secret_gets_a_token_that_reads_mail,
    the_tenant_may_be_named_by_its_domain,
    a_second_call_is_answered_from_the_cache,
    a_certificate_gets_a_token_once_it_is_uploaded,
    a_certificate_named_by_its_sha1_thumbprint_gets_a_token,
    a_wrong_secret_is_an_invalid_client,
    an_expired_secret_is_an_invalid_client,
    an_unknown_application_is_an_unauthorized_client,
    a_disabled_application_is_an_unauthorized_client,
    conditional_access_is_told,
    an_unknown_tenant_is_told_before_any_secret_is_sent,
    throttling_is_remembered_and_not_repeated,
    a_server_error_is_raised_and_passes,
    a_person_signs_in_and_reads_mail,
    the_cache_answers_and_then_the_refresh_token_does,
    a_refresh_token_is_used_by_itself,
    a_code_is_redeemed_by_itself_and_a_replay_is_an_invalid_grant,
    a_forged_state_and_a_wrong_nonce_are_noticed,
    a_declined_consent_is_told,
    revoked_sessions_end_the_refresh_token,
    a_second_factor_wanted_later_is_an_interaction,
]


def main():
    logging.getLogger("msal").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="response_mode='form_post' is recommended")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(sys.argv[1], folder)
        try:
            for check in CHECKS:
                simulator.reset()
                try:
                    check(simulator)
                    verdict = "ok"
                except Exception:  # a check that breaks is a check that failed
                    traceback.print_exc()
                    failed += 1
                    verdict = "FAILED"
                print(f"msal: {check.__name__.replace('_', ' ')} ... {verdict}", flush=True)
        finally:
            simulator.stop()
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
