//! The link as a mail: sent when asked for, once, to whoever signs in; and told when it was not.

use std::time::Duration;

use postkey::config::Config;
use postkey::mail::{Mail, Message};

use super::{OLGA, SIGN_IN, path_of, save};
use crate::safety::world::{column, meddle};
use crate::support::mail::{FROM, Taken};
use crate::support::{Browser, Engine, MailSink, Manner, Page, TestApp};

const SUPPORT: &str = "support@contoso.example";

async fn with_mail() -> (TestApp, Browser, MailSink) {
    let sink = MailSink::start();
    let app = TestApp::with(Engine::Sqlite, |config| sink.configure(config)).await;
    let browser = app.owner().await;
    (app, browser, sink)
}

/// Saves a mailbox for which Olga signs in by a link. Gives where the form led to, and the sign-in tab.
async fn save_by_link(app: &TestApp, browser: &Browser, typed: &[(&str, &str)]) -> (String, String) {
    let fields = [&[("address", SUPPORT), ("person", OLGA), ("how", "link")], typed].concat();
    let leads = save(app, browser, SIGN_IN, &fields).await;
    let to = leads.location().to_owned();
    (to.split("?done=").nth(1).unwrap().to_owned(), format!("{}/sign-in", path_of(app, SUPPORT).await))
}

async fn mail_again(browser: &Browser, tab: &str) -> Page {
    browser.open_and_submit(tab, &format!("{tab}/mail"), &[]).await
}

async fn audited(app: &TestApp) -> Vec<String> {
    column(&app.inside().db, "SELECT action FROM audit WHERE action LIKE 'sign_in_link%' ORDER BY rowid").await
}

fn link_in(mail: &Taken) -> String {
    let body = mail.body();
    let links: Vec<&str> = body.lines().filter(|line| line.contains("://")).collect();
    assert_eq!(links.len(), 1, "{body}");
    links[0].to_owned()
}

#[tokio::test]
async fn the_new_link_is_mailed_once_to_whoever_signs_in_and_works() {
    let (app, browser, sink) = with_mail().await;
    let form = browser.get("/mailboxes/new").await;
    assert_eq!(form.all("input[name=mail][checked]").len(), 1, "it is ticked");
    let (done, tab) = save_by_link(&app, &browser, &[]).await;
    assert_eq!(done, "link-mailed");
    let taken = sink.taken();
    let [mail] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((mail.from.as_str(), &mail.to[..]), (FROM, &[OLGA.to_owned()][..]));
    let header = |name| mail.header(name).unwrap_or_else(|| panic!("no {name} in {}", mail.text));
    assert_eq!(header("From"), format!("Postkey <{FROM}>"));
    assert_eq!(header("Reply-To"), "\"Ana Ruiz\" <ana@contoso.example>");
    assert_eq!(header("To"), OLGA);
    assert_eq!(header("Subject"), format!("Ana Ruiz asks you to connect {SUPPORT}"));
    assert_eq!(header("Date"), "Mon, 23 Nov 2026 12:00:00 +0000");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("Content-Type"), "text/plain; charset=utf-8");
    assert!(header("Message-ID").ends_with("@contoso.example>"));
    let body = mail.body();
    for words in
        ["Ana Ruiz (ana@contoso.example) asks", SUPPORT, OLGA, "24 Nov 2026, 13:00, Europe/Madrid", "Do nothing."]
    {
        assert!(body.contains(words), "{words}: {body}");
    }
    let link = link_in(mail);
    assert!(app.stranger().follow(&link).await.text().contains("Connect this mailbox"));
    let page = browser.get(&tab).await;
    assert_eq!(page.one("#link"), link);
    assert!(page.text().contains(&format!("Mailed to {OLGA} on 23 Nov 2026, 13:00.")), "{}", page.text());
    assert_eq!(audited(&app).await, ["sign_in_link.made", "sign_in_link.mail_asked", "sign_in_link.mailed"]);
    let code = link.rsplit('/').next().unwrap();
    let entries = column(&app.inside().db, "SELECT actor || object || detail FROM audit").await.concat();
    assert!(entries.contains(OLGA) && !entries.contains(code));
    app.stop().await;
}

#[tokio::test]
async fn without_the_tick_nothing_is_mailed_until_somebody_asks() {
    let (app, browser, sink) = with_mail().await;
    let (done, tab) = save_by_link(&app, &browser, &[("mail", "0")]).await;
    assert_eq!((done.as_str(), sink.taken().len()), ("link-made", 0));
    assert_eq!(browser.get(&tab).await.all("input[name=mail][checked]").len(), 1);
    mail_again(&browser, &tab).await.expect_redirect(&format!("{tab}?done=link-mailed"));
    let page = browser.get(&tab).await;
    assert_eq!(link_in(&sink.taken()[0]), page.one("#link"));
    let typed = [("how", "link"), ("mail", "1"), ("days", "7")];
    browser.submit(&page, &tab, &typed).await.expect_redirect(&format!("{tab}?done=link-mailed"));
    let taken = sink.taken();
    assert_eq!(taken.len(), 2);
    assert!(link_in(&taken[1]) != link_in(&taken[0]) && taken[1].body().contains("30 Nov 2026"));
    app.stop().await;
}

#[tokio::test]
async fn without_a_mail_server_there_is_no_tick_and_the_maker_sends_the_link() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let form = browser.get("/mailboxes/new").await;
    let words = "Postkey has no mail server, so you copy the link and send it yourself.";
    assert!(form.text().contains(words) && form.all("input[name=mail]").is_empty());
    let (done, tab) = save_by_link(&app, &browser, &[("mail", "1")]).await;
    assert_eq!(done, "link-made");
    let page = browser.get(&tab).await;
    assert!(page.text().contains(words) && page.all("input[name=mail]").is_empty());
    assert!(!page.actions().contains(&format!("{tab}/mail")));
    let key = page.form(&tab, &[]).into_iter().filter(|(name, _)| name == "_csrf").collect::<Vec<_>>();
    let refused = browser.post(&format!("{tab}/mail"), &key).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("Postkey has no mail server, so nothing was mailed."), "{}", refused.text());
    assert_eq!(audited(&app).await, ["sign_in_link.made"]);
    app.stop().await;
}

#[tokio::test]
async fn whatever_the_mail_server_does_the_mailbox_is_kept_and_the_page_says_what_happened() {
    for (manner, words) in [
        (Manner::RefusesRecipient, "refuses this message. Whoever runs the mail server can say why"),
        (Manner::RefusesLogin, "refuses Postkey's user name or password."),
        (Manner::Throttles, "does not take this message now."),
        (Manner::Silent, "does not answer in time."),
        (Manner::SilentAtEnd, "went silent at the end, so the message may have arrived or not."),
        (Manner::Drops, "does not speak as a mail server does."),
        (Manner::SpeaksHttp, "does not speak as a mail server does."),
    ] {
        let sink = MailSink::start();
        let home = tempfile::tempdir().unwrap();
        let silent = matches!(manner, Manner::Silent | Manner::SilentAtEnd);
        let app = TestApp::with(Engine::Sqlite, |config| {
            sink.configure_login(config, home.path());
            if silent {
                config.deadlines.mail = Duration::from_millis(1_500);
            }
        })
        .await;
        let browser = app.owner().await;
        sink.behave(manner);
        let (done, tab) = save_by_link(&app, &browser, &[]).await;
        assert_eq!(done, "link-not-mailed", "{manner:?}");
        let page = browser.get(&tab).await;
        let text = page.text();
        assert!(text.contains("Mailing failed") && text.contains(words), "{manner:?}: {text}");
        assert!(text.contains(&format!("127.0.0.1:{}", sink.port)), "{manner:?}: {text}");
        assert!(text.contains("copy the link and send it yourself, or mail it again"), "{manner:?}: {text}");
        if manner == Manner::RefusesLogin {
            assert!(text.contains("535 5.7.139 Authentication is disabled for the tenant"), "{text}");
        }
        assert!(app.stranger().follow(&page.one("#link")).await.status == 200, "the link works all the same");
        assert!(sink.taken().is_empty());
        if silent {
            app.stop().await;
            continue;
        }
        sink.behave(Manner::Takes);
        mail_again(&browser, &tab).await.expect_redirect(&format!("{tab}?done=link-mailed"));
        let taken = sink.taken();
        let login = taken[0].login.as_deref().unwrap();
        assert_eq!((taken.len(), login), (1, "AHBvc3RrZXlAY29udG9zbwBwQHNzIHdvcmQgb2YgdGhlIHNpbms="));
        assert!(!browser.get(&tab).await.text().contains("Mailing failed"));
        let expected = ["made", "mail_asked", "mail_failed", "mail_asked", "mailed"];
        assert_eq!(audited(&app).await, expected.map(|action| format!("sign_in_link.{action}")));
        app.stop().await;
    }
}

#[tokio::test]
async fn nobody_at_the_address_of_the_mail_server_is_told_as_such() {
    let mails = |config: &mut Config| {
        config.smtp_url = Some("smtp://127.0.0.1:1".parse().unwrap());
        config.smtp_from = Some(FROM.to_owned());
    };
    let app = TestApp::with(Engine::Sqlite, mails).await;
    let browser = app.owner().await;
    let (done, tab) = save_by_link(&app, &browser, &[]).await;
    assert_eq!(done, "link-not-mailed");
    let text = browser.get(&tab).await.text();
    assert!(text.contains("The mail server 127.0.0.1:1 cannot be reached."), "{text}");
    assert!(text.contains("Whoever runs Postkey's host checks the setting smtp_url"), "{text}");
    app.stop().await;
}

#[tokio::test]
async fn a_server_that_says_the_link_back_is_not_quoted() {
    let (app, browser, sink) = with_mail().await;
    sink.behave(Manner::Repeats);
    let (done, tab) = save_by_link(&app, &browser, &[]).await;
    assert_eq!(done, "link-not-mailed");
    let page = browser.get(&tab).await;
    let code = page.one("#link").rsplit('/').next().unwrap().to_owned();
    assert_eq!(page.body.matches(&code).count(), 1);
    let stored = column(&app.inside().db, "SELECT mail_trouble FROM sign_in_links").await.concat();
    assert!(stored.contains("refused") && !stored.contains(&code), "{stored}");
    app.stop().await;
}

#[tokio::test]
async fn no_name_becomes_a_header_or_another_recipient() {
    let (app, browser, sink) = with_mail().await;
    let evil = "Ana\r\nBcc: mallory@evil.example\r\n\r\nhttps://evil.example/ \"<x@evil.example>, Zoë";
    meddle(&app.inside().db, &format!("UPDATE users SET name = '{evil}'")).await;
    let (done, _) = save_by_link(&app, &browser, &[]).await;
    assert_eq!(done, "link-mailed");
    let mail = &sink.taken()[0];
    assert_eq!(mail.to, [OLGA]);
    let allowed = [
        "From",
        "Reply-To",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    for name in mail.headers() {
        assert!(allowed.contains(&name.as_str()), "{name} in {}", mail.text);
    }
    assert!(mail.text.split("\r\n\r\n").next().unwrap().is_ascii());
    assert!(mail.header("Reply-To").unwrap().ends_with("<ana@contoso.example>"));
    assert!(mail.body().lines().next().unwrap().ends_with(&format!("send mail for {SUPPORT}.")), "{}", mail.body());
    app.stop().await;
}

#[tokio::test]
async fn while_the_mail_server_thinks_the_page_says_so_and_no_second_mail_goes_out() {
    let sink = MailSink::start();
    let app = TestApp::with(Engine::Sqlite, |config| sink.configure(config)).await;
    let browser = app.owner().await;
    let (_, tab) = save_by_link(&app, &browser, &[("mail", "0")]).await;
    sink.behave(Manner::Holds);
    let meanwhile = async {
        sink.wait_for(1).await;
        let page = browser.get(&tab).await;
        assert!(page.text().contains(&format!("Being mailed to {OLGA}.")), "{}", page.text());
        let part = browser.get_with(&tab, &[("x-postkey-fragment", "mailing")]).await;
        assert!(part.body.contains("Being mailed") && !part.body.contains("<html"), "{part:?}");
        mail_again(&browser, &tab).await.expect_redirect(&format!("{tab}?done=link-mailing"));
        sink.behave(Manner::Takes);
    };
    let (answer, ()) = tokio::join!(mail_again(&browser, &tab), meanwhile);
    answer.expect_redirect(&format!("{tab}?done=link-mailed"));
    assert_eq!(sink.taken().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_the_mail_and_what_came_of_it_is_stored() {
    let sink = MailSink::start();
    let app = TestApp::with(Engine::Sqlite, |config| sink.configure(config)).await;
    let browser = app.owner().await;
    let (_, tab) = save_by_link(&app, &browser, &[("mail", "0")]).await;
    sink.behave(Manner::Holds);
    let release = async {
        sink.wait_for(1).await;
        app.inside().stopping.cancel();
        sink.behave(Manner::Takes);
    };
    tokio::join!(mail_again(&browser, &tab), release);
    let app = app.restart().await;
    assert_eq!(column(&app.inside().db, "SELECT mail_state FROM sign_in_links").await, ["sent"]);
    app.stop().await;
}

#[tokio::test]
async fn a_mail_whose_outcome_never_came_may_be_sent_again_after_a_minute() {
    let (app, browser, sink) = with_mail().await;
    let (_, tab) = save_by_link(&app, &browser, &[]).await;
    meddle(&app.inside().db, "UPDATE sign_in_links SET mail_state = 'asked'").await;
    mail_again(&browser, &tab).await.expect_redirect(&format!("{tab}?done=link-mailing"));
    app.advance(60);
    let text = browser.get(&tab).await.text();
    assert!(text.contains("Postkey was stopped before it heard from the mail server"), "{text}");
    mail_again(&browser, &tab).await.expect_redirect(&format!("{tab}?done=link-mailed"));
    assert_eq!(sink.taken().len(), 2);
    app.stop().await;
}

#[tokio::test]
async fn a_link_that_has_ended_is_not_mailed_again() {
    let (app, browser, sink) = with_mail().await;
    let (_, tab) = save_by_link(&app, &browser, &[("mail", "0")]).await;
    let old = browser.get(&tab).await;
    browser.submit(&old, &format!("{tab}/withdraw"), &[]).await.location();
    let refused = browser.submit(&old, &format!("{tab}/mail"), &[]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("There is no link for this mailbox that still works"), "{}", refused.text());
    assert!(!browser.get(&tab).await.actions().contains(&format!("{tab}/mail")));
    assert!(sink.taken().is_empty());
    app.stop().await;
}

/// Sends one message through `sink` as `url` says, trusting `pem`.
async fn send_through(url: &str, pem: &str) -> Result<(), String> {
    let app = TestApp::start().await;
    let config = Config {
        smtp_url: Some(url.parse().unwrap()),
        smtp_from: Some(FROM.to_owned()),
        ..(*app.inside().config).clone()
    };
    let trusted = Some(pem.as_bytes()).filter(|pem| !pem.is_empty());
    let inside = app.inside();
    let mail = Mail::new(&config, trusted, inside.clock.clone(), inside.chance.clone()).unwrap().unwrap();
    let message = Message {
        to: OLGA.to_owned(),
        reply_to: Some(("Ana".to_owned(), "ana@contoso.example".to_owned())),
        subject: "Subject".to_owned(),
        body: "Text".into(),
        keep_out: Some("Text".into()),
        thread: None,
    };
    let sent = mail.send(&message).await.map_err(|failure| failure.what());
    app.stop().await;
    sent
}

#[tokio::test]
async fn a_mail_goes_over_tls_to_a_trusted_server_or_not_at_all() {
    let sink = MailSink::encrypted();
    let url = |host: &str| format!("smtps://{host}:{}", sink.port);
    assert_eq!(send_through(&url("localhost"), &sink.pem).await, Ok(()));
    assert_eq!(sink.taken().len(), 1);
    for (url, pem) in [(url("localhost"), ""), (url("127.0.0.1"), sink.pem.as_str())] {
        let refused = send_through(&url, pem).await.unwrap_err();
        assert!(refused.starts_with("No encrypted connection"), "{url}: {refused}");
    }
    assert_eq!(sink.taken().len(), 1);
    let plain = MailSink::start();
    for url in [format!("smtps://localhost:{}", plain.port), format!("smtp://localhost:{}?tls=required", plain.port)] {
        let refused = send_through(&url, "").await.unwrap_err();
        assert!(refused.starts_with("No encrypted connection"), "{url}: {refused}");
    }
    assert!(plain.taken().is_empty());
}
