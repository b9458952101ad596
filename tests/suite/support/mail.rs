//! A mail server on loopback that writes down what it is given, or misbehaves.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use postkey::config::Config;
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(crate) const FROM: &str = "postkey@contoso.example";

/// What it does with the next message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    Takes,
    RefusesLogin,
    RefusesRecipient,
    /// Says the whole message back, as filters do that name what they dislike.
    Repeats,
    Throttles,
    /// Takes connections and never says a word.
    Silent,
    Drops,
    /// Takes the message and never says so.
    SilentAtEnd,
    SpeaksHttp,
    /// Keeps the message waiting until the manner changes.
    Holds,
}

/// A message, as it was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) login: Option<String>,
    pub(crate) text: String,
}

#[derive(Clone)]
pub(crate) struct MailSink {
    pub(crate) port: u16,
    /// The certificate to trust, if it encrypts.
    pub(crate) pem: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    manner: Manner,
    taken: Vec<Taken>,
    /// Messages that were ever handed over, whatever came of them.
    seen: usize,
}

impl MailSink {
    pub(crate) fn start() -> Self {
        Self::listen(None, String::new())
    }

    /// Encrypted from the first byte, for the name `localhost`.
    pub(crate) fn encrypted() -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
        Self::listen(Some(Arc::new(config)), cert.pem())
    }

    fn listen(tls: Option<Arc<ServerConfig>>, pem: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State { manner: Manner::Takes, taken: Vec::new(), seen: 0 };
        let port = listener.local_addr().unwrap().port();
        let sink = Self { port, pem, state: Arc::new((Mutex::new(state), Condvar::new())) };
        let own = sink.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (own, tls) = (own.clone(), tls.clone());
                std::thread::spawn(move || own.serve(stream, tls));
            }
        });
        sink
    }

    /// Settings of a product that mails through it.
    pub(crate) fn configure(&self, config: &mut Config) {
        config.smtp_url = Some(format!("smtp://127.0.0.1:{}", self.port).parse().unwrap());
        config.smtp_from = Some(FROM.to_owned());
    }

    /// The same with a user whose password stands in a file of `home`.
    pub(crate) fn configure_login(&self, config: &mut Config, home: &Path) {
        let file = home.join("smtp-password");
        std::fs::write(&file, "p@ss word of the sink\n").unwrap();
        self.configure(config);
        config.smtp_url = Some(format!("smtp://postkey%40contoso@127.0.0.1:{}", self.port).parse().unwrap());
        config.smtp_password_file = Some(file);
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.state.0.lock().unwrap().manner = manner;
        self.state.1.notify_all();
    }

    /// The messages that it took.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.0.lock().unwrap().taken.clone()
    }

    /// Waits until so many messages were handed over.
    pub(crate) async fn wait_for(&self, messages: usize) {
        while self.state.0.lock().unwrap().seen < messages {
            tokio::task::yield_now().await;
        }
    }

    fn serve(&self, stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
        match tls {
            Some(config) => {
                let connection = ServerConnection::new(config).map_err(io::Error::other)?;
                self.converse(BufReader::new(StreamOwned::new(connection, stream)))
            }
            None => self.converse(BufReader::new(stream)),
        }
    }

    fn converse<S: Read + Write>(&self, mut line: BufReader<S>) -> io::Result<()> {
        let manner = self.state.0.lock().unwrap().manner;
        match manner {
            Manner::Drops => return Ok(()),
            Manner::Silent => return read(&mut line).map(drop),
            Manner::SpeaksHttp => return say(&mut line, "HTTP/1.1 400 Bad Request\r\n"),
            _ => say(&mut line, "220 sink ESMTP")?,
        }
        let mut message = Taken { from: String::new(), to: Vec::new(), login: None, text: String::new() };
        loop {
            let command = read(&mut line)?;
            let answer = match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME",
                "AUTH" if manner == Manner::RefusesLogin => "535 5.7.139 Authentication is disabled for the tenant",
                "AUTH" => {
                    message.login = command.rsplit(' ').next().map(str::to_owned);
                    "235 2.7.0 OK"
                }
                "MAIL" if manner == Manner::Throttles => "451 4.7.500 Server busy, try later",
                "MAIL" => {
                    message.from = between(&command);
                    "250 OK"
                }
                "RCPT" if manner == Manner::RefusesRecipient => "550 5.1.1 No such user here",
                "RCPT" => {
                    message.to.push(between(&command));
                    "250 OK"
                }
                "DATA" => {
                    say(&mut line, "354 Go on")?;
                    while let text = read(&mut line)?
                        && text != "."
                    {
                        message.text.push_str(&format!("{}\r\n", text.strip_prefix('.').unwrap_or(&text)));
                    }
                    &self.end(manner, &mut line, &message)?
                }
                "QUIT" => return say(&mut line, "221 Bye"),
                _ => "500 What?",
            };
            say(&mut line, answer)?;
        }
    }

    /// What to say when the message was handed over.
    fn end<S: Read + Write>(&self, manner: Manner, line: &mut BufReader<S>, message: &Taken) -> io::Result<String> {
        let (state, changed) = &*self.state;
        let mut state = state.lock().unwrap();
        state.seen += 1;
        if manner == Manner::Holds {
            state = changed.wait_while(state, |state| state.manner == Manner::Holds).unwrap();
        }
        match manner {
            Manner::SilentAtEnd => {
                drop(state);
                read(line)
            }
            Manner::Repeats => {
                let body = message.body();
                Ok(format!("554 5.7.1 Blocked: {}", body.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            _ => {
                state.taken.push(message.clone());
                Ok("250 OK".to_owned())
            }
        }
    }
}

impl Taken {
    /// A header, in one line and as it stands.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let start = format!("{name}: ");
        head.split("\r\n").find_map(|line| line.strip_prefix(&start).map(str::to_owned))
    }

    /// The names of all headers.
    pub(crate) fn headers(&self) -> Vec<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        head.split("\r\n").map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }

    /// The text that its reader sees.
    pub(crate) fn body(&self) -> String {
        let body = self.text.split_once("\r\n\r\n").unwrap().1.replace("\r\n", "\n");
        match self.header("Content-Transfer-Encoding").as_deref() {
            Some("7bit") => body,
            Some("quoted-printable") => unquoted(&body),
            other => panic!("{other:?} is not understood here"),
        }
    }
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

fn say<S: Read + Write>(line: &mut BufReader<S>, text: &str) -> io::Result<()> {
    line.get_mut().write_all(format!("{text}\r\n").as_bytes())?;
    line.get_mut().flush()
}

fn read<S: Read>(line: &mut BufReader<S>) -> io::Result<String> {
    let mut text = String::new();
    match line.read_line(&mut text)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

fn between(command: &str) -> String {
    command.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
