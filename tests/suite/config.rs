//! `postkey.toml` and `POSTKEY_…`: what is refused, and in which words.

use postkey::config::Config;

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
