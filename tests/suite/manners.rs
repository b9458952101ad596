//! What templates, styles, migrations and comments may not do.

use crate::source::{assert_none, files, read, rust};

#[test]
fn comments_draw_no_banners() {
    let kinds = ["rs", "html", "css", "js", "mjs", "sql", "toml", "py", ""];
    let mut wrong = Vec::new();
    for folder in ["src", "templates", "static", "migrations", "tests"] {
        for (file, text) in files(folder, &kinds) {
            let banners = text.lines().filter(|line| {
                let line = line.trim();
                let comment = ["//", "/*", "*", "#", "--", "{#", "<!--"].iter().any(|mark| line.starts_with(mark));
                comment && ["----", "====", "****", "####", "////", "~~~~"].iter().any(|rule| line.contains(rule))
            });
            wrong.extend(banners.map(|line| format!("{folder}/{file}: {}", line.trim())));
        }
    }
    assert_none("banner comments", wrong);
}

#[test]
fn templates_trust_no_text_and_carry_no_style_or_script() {
    let mut wrong = Vec::new();
    for (file, text) in files("templates", &["html"]) {
        let packed: String = text.split_whitespace().collect();
        let forbidden = ["|safe", "autoescape", "<style", "javascript:", "src=\"http", "src=\"//", "srcset="];
        wrong.extend(
            forbidden.iter().filter(|word| packed.contains(*word)).map(|word| format!("templates/{file}: {word}")),
        );
        let attributes = text.split_whitespace().filter(|word| {
            let name = word.split('=').next().unwrap_or_default();
            let handler =
                name.len() > 3 && name.starts_with("on") && name.bytes().all(|byte| byte.is_ascii_lowercase());
            word.contains('=') && (name == "style" || handler)
        });
        wrong.extend(attributes.map(|word| format!("templates/{file}: {word}")));
        let outside = text.split('<').filter(|tag| tag.starts_with("link") && tag.contains("href=\"http"));
        wrong.extend(outside.map(|tag| format!("templates/{file}: <{}", tag.trim())));
        let inline =
            text.split("<script").skip(1).filter(|rest| !rest.split('>').next().unwrap_or_default().contains("src="));
        wrong.extend(inline.map(|_| format!("templates/{file}: a script without src")));
    }
    for (file, text) in rust("src") {
        let unescaped = ["HtmlSafe", "filters::Safe", "escape = \"none\""];
        wrong.extend(unescaped.iter().filter(|word| text.contains(*word)).map(|word| format!("src/{file}: {word}")));
    }
    assert_none("unsafe templates", wrong);
}

#[test]
fn styles_and_script_are_small_complete_and_fetch_nothing_from_elsewhere() {
    let styles = files("static/css", &["css"]);
    let script = read("static/app.js");
    let size: usize = styles.iter().map(|(_, text)| text.len()).sum();
    assert!(size <= 25_000, "static/css holds {size} bytes; 25 kB is the budget");
    assert!(script.len() <= 20_000, "static/app.js holds {} bytes; 20 kB is the budget", script.len());
    let compiled_in = read("src/web/assets.rs");
    for (file, text) in &styles {
        assert!(compiled_in.contains(&format!("static/css/{file}")), "static/css/{file} is not in src/web/assets.rs");
        assert!(
            !["@import", "http:", "https:", "url(//"].iter().any(|word| text.contains(word)),
            "static/css/{file} fetches"
        );
    }
    let elsewhere = script.replace("http://www.w3.org/", "");
    assert!(
        !["http:", "https:", "import(", "eval("].iter().any(|word| elsewhere.contains(word)),
        "static/app.js fetches"
    );
}

#[test]
fn every_template_is_used() {
    let templates = files("templates", &["html"]);
    let in_rust: String = rust("src").into_iter().map(|(_, text)| text).collect();
    let in_templates: String = templates.iter().map(|(_, text)| text.as_str()).collect();
    let unused = templates.iter().filter(|(file, _)| {
        let quoted = format!("\"{file}\"");
        !in_rust.contains(&format!("path = {quoted}"))
            && !["extends", "import", "include"].iter().any(|verb| in_templates.contains(&format!("{verb} {quoted}")))
    });
    assert_none("templates that no page uses", unused.map(|(file, _)| file.clone()));
}

#[test]
fn migrations_are_numbered_and_speak_to_both_engines() {
    const ONE_ENGINE_ONLY: [&str; 23] = [
        "AUTOINCREMENT",
        "BIGSERIAL",
        "BLOB",
        "BYTEA",
        "CURRENT_TIMESTAMP",
        "DATE",
        "DATETIME",
        "DOUBLE",
        "INT",
        "INTEGER",
        "JSON",
        "JSONB",
        "NOW",
        "NUMERIC",
        "PRAGMA",
        "REAL",
        "SERIAL",
        "STRICT",
        "TIMESTAMP",
        "TIMESTAMPTZ",
        "UUID",
        "VARCHAR",
        "WITHOUT",
    ];
    let mut wrong = Vec::new();
    for (index, (file, text)) in files("migrations", &["sql"]).into_iter().enumerate() {
        if !file.starts_with(&format!("{:04}_", index + 1)) {
            wrong.push(format!("migrations/{file}: {:04} is the next number", index + 1));
        }
        if !text.starts_with("-- ") {
            wrong.push(format!("migrations/{file}: say in its first line what it is for"));
        }
        let sql: String =
            text.lines().map(|line| format!("{} ", line.split("--").next().unwrap_or_default())).collect();
        let words = sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_').map(str::to_uppercase);
        let alien = words.filter(|word| ONE_ENGINE_ONLY.contains(&word.as_str()));
        wrong.extend(alien.map(|word| format!("migrations/{file}: {word}")));
    }
    assert_none("migrations that are not portable", wrong);
}
