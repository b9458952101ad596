//! TLS for clients that insist on it.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// Where the simulator's certificate comes from.
#[derive(Clone, Debug)]
pub enum Tls {
    /// A certificate chain and a private key, both PEM.
    Files {
        /// The chain, leaf first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// A certificate for `localhost` and `127.0.0.1` by an authority made at start, which clients must be told to trust.
    TestAuthority,
}

/// A ready configuration, and the authority to trust where it was made here.
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) authority_pem: Option<String>,
}

impl Identity {
    pub(crate) fn load(tls: &Tls) -> anyhow::Result<Self> {
        match tls {
            Tls::Files { certificate, key } => {
                let read =
                    |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
                let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(certificate)?).collect::<Result<_, _>>()?;
                let key = PrivateKeyDer::from_pem_slice(&read(key)?)?;
                Self::new(chain, key, None)
            }
            Tls::TestAuthority => Self::generate(),
        }
    }

    fn generate() -> anyhow::Result<Self> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "Test authority of the simulator");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = leaf.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Self::new(vec![leaf.der().clone()], key, Some(authority.pem()))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        authority_pem: Option<String>,
    ) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { config: Arc::new(config), authority_pem })
    }
}
