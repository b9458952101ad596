//! `postkey.toml` and `POSTKEY_…`: what is refused, and in which words.

use postkey::app::App;
use postkey::chance::Chance;
use postkey::clock::Clock;
use postkey::config::Config;
use postkey::mail::Mail;

fn load(pairs: &[(&str, &str)]) -> anyhow::Result<Config> {
    let home = [("HOME".to_owned(), "/home/ana".to_owned()), ("POSTKEY_CONFIG".to_owned(), "/dev/null".to_owned())];
    Config::load(home.into_iter().chain(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))))
}

#[test]
fn nothing_needs_to_be_configured_for_a_first_try() {
    let config = load(&[]).unwrap();
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8080/");
    assert!(!config.master_key_file.starts_with(&config.data_dir));
    assert!(config.custom_cloud.is_none());
}

#[test]
fn a_wrong_setting_is_refused_by_name_with_what_would_be_right() {
    let refused = |name: &str, value: &str| format!("{:#}", load(&[(name, value)]).unwrap_err());
    assert!(refused("POSTKEY_LISTN", "x").contains("there is no setting POSTKEY_LISTN"));
    assert!(
        refused("POSTKEY_LISTEN", "8080").contains("POSTKEY_LISTEN: 8080 is not right; it must be an address and port")
    );
    assert!(refused("POSTKEY_PUBLIC_URL", "http://postkey.example.com").contains("must be https"));
    assert!(refused("POSTKEY_LISTEN", "0.0.0.0:80").contains("POSTKEY_PUBLIC_URL is missing"));
    assert!(refused("POSTKEY_CLOUD_AUTHORITY", "http://127.0.0.1:1").contains("POSTKEY_CLOUD=custom"));
    for everybody in ["0.0.0.0", "::", "0.0.0.0/0", "10.0.0.1, 0.0.0.0", "*"] {
        assert!(refused("POSTKEY_TRUSTED_PROXIES", everybody).contains("addresses of your reverse proxies"));
    }
    assert!(!refused("POSTKEY_DATABASE_URL", "mysql://u:hunter2@h/d").contains("hunter2"));
}

#[test]
fn mail_needs_a_server_a_sender_and_a_safe_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (password, empty) = (file("password", "hunter2\n"), file("empty", "\n"));
    let mail = |url: &str, from: &str, file: &str| -> anyhow::Result<Option<Mail>> {
        let given = [("POSTKEY_SMTP_URL", url), ("POSTKEY_SMTP_FROM", from), ("POSTKEY_SMTP_PASSWORD_FILE", file)];
        Mail::new(&load(&given)?, None, Clock::System, Chance::System)
    };
    let from = "postkey@contoso.example";
    assert!(mail("", "", "").unwrap().is_none());
    for (url, server) in [
        ("smtps://mail.example", "mail.example:465"),
        ("smtps://[2001:db8::1]:4465/", "[2001:db8::1]:4465"),
        ("smtp://mail.example?tls=required", "mail.example:587"),
        ("smtp://127.0.0.1", "127.0.0.1:25"),
        ("smtp://[::1]:2525", "[::1]:2525"),
        ("smtp://localhost:2525", "localhost:2525"),
    ] {
        assert!(format!("{:?}", mail(url, from, "").unwrap()).contains(server), "{url}");
    }
    let shown = format!("{:?}", mail("smtps://ana%40contoso@mail.example", from, &password).unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("contoso"), "{shown}");
    for (url, from, file, words) in [
        ("", from, "", "POSTKEY_SMTP_URL is missing"),
        ("smtps://mail.example", "", "", "POSTKEY_SMTP_FROM is missing"),
        ("smtps://mail.example", "postkey", "", "POSTKEY_SMTP_FROM: postkey is not right"),
        ("smtps://mail.example", "a@b.example\r\nBcc: c@d.example", "", "POSTKEY_SMTP_FROM"),
        ("mail.example", from, "", "POSTKEY_SMTP_URL: the value is not right; it must be smtps://"),
        ("smtp://mail.example", from, "", "would be readable on its way"),
        ("smtp://10.0.0.1:25", from, "", "would be readable on its way"),
        ("smtp://mail.example?tls=opportunistic", from, "", "must begin with smtps:// or smtp://"),
        ("smtps://mail.example?tls=none", from, "", "must begin with smtps:// or smtp://"),
        ("https://mail.example", from, "", "must begin with smtps:// or smtp://"),
        ("smtps:mail.example", from, "", "names no host"),
        ("smtps://mail.example/inbox", from, "", "must end with the host"),
        ("smtps://ana:hunter2@mail.example", from, "", "POSTKEY_SMTP_URL holds a password"),
        ("smtps://ana@mail.example", from, "", "POSTKEY_SMTP_PASSWORD_FILE is missing"),
        ("smtps://mail.example", from, &password, "names no user"),
        ("smtps://ana@mail.example", from, "/nowhere/at/all", "/nowhere/at/all cannot be read"),
        ("smtps://ana@mail.example", from, &empty, "must hold one line"),
    ] {
        let refused = format!("{:#}", mail(url, from, file).unwrap_err());
        assert!(refused.contains(words), "{url}: {refused}");
        assert!(refused.contains("POSTKEY_") && !refused.contains("hunter2"), "{refused}");
    }
}

#[tokio::test]
async fn metrics_need_a_token_that_cannot_be_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |text: Option<&str>, per_mailbox: &str| {
        let (home, file) = (folder.path().to_str().unwrap(), folder.path().join("token"));
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let file = text.map_or("", |_| file.to_str().unwrap());
        let given =
            [("POSTKEY_METRICS_TOKEN_FILE", file), ("POSTKEY_METRICS_PER_MAILBOX", per_mailbox), ("HOME", home)];
        App::open(load(&given)?, Clock::System, Chance::System).await.map(|(app, _)| app.metrics_token.is_some())
    };
    assert!(!open(None, "").await.unwrap());
    assert!(open(Some("0123456789abcdef\n"), "on").await.unwrap());
    for text in ["", "\n", "0123456789abcde\n", "0123456789abcdef\nx", "0123456789 abcdef", "0123456789abcdéf"] {
        let refused = format!("{:#}", open(Some(text), "").await.unwrap_err());
        assert!(refused.contains("POSTKEY_METRICS_TOKEN_FILE") && refused.contains("one line"), "{refused}");
        assert!(!refused.contains("0123"), "{refused}");
    }
    assert!(format!("{:#}", open(None, "on").await.unwrap_err()).contains("POSTKEY_METRICS_TOKEN_FILE is missing"));
    let wrong = load(&[("POSTKEY_METRICS_PER_MAILBOX", "yes")]).unwrap_err();
    assert!(format!("{wrong:#}").contains("POSTKEY_METRICS_PER_MAILBOX: yes is not right; it must be on or off"));
    let gone = load(&[("POSTKEY_METRICS_TOKEN_FILE", "/nowhere/at/all"), ("HOME", folder.path().to_str().unwrap())]);
    let gone = App::open(gone.unwrap(), Clock::System, Chance::System).await.unwrap_err();
    assert!(format!("{gone:#}").contains("/nowhere/at/all cannot be read"));
}
