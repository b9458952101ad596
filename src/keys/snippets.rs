//! Examples that run as they stand, once the key is in a variable of its own: so it gets into no shell history and no source.

/// An example.
pub(super) struct Snippet {
    /// Its `id` on the page.
    pub(super) id: &'static str,
    /// The language.
    pub(super) label: &'static str,
    /// The text.
    pub(super) text: String,
}

const CURL: &str = r#"curl -H "Authorization: Bearer $POSTKEY_KEY" \
  "{address}""#;

const PYTHON: &str = r#"import json, os, urllib.request

request = urllib.request.Request(
    "{address}",
    headers={"Authorization": "Bearer " + os.environ["POSTKEY_KEY"]},
)
with urllib.request.urlopen(request, timeout=15) as answer:
    {variable} = json.load(answer)
print({python})"#;

const NODE: &str = r#"const answer = await fetch("{address}", {
  headers: { Authorization: `Bearer ${process.env.POSTKEY_KEY}` },
  signal: AbortSignal.timeout(15_000),
});
const {variable} = await answer.json();
if (!answer.ok) throw new Error(`${{variable}.code}: ${{variable}.detail}`);
console.log({dotted});"#;

const DOTNET: &str = r#"using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

var http = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };
http.DefaultRequestHeaders.Authorization =
    new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("POSTKEY_KEY"));
var {variable} = await http.GetFromJsonAsync<JsonElement>("{address}");
Console.WriteLine({variable}.GetProperty("{field}"));"#;

const RUST: &str = r#"// reqwest = { version = "0.13", features = ["json"] }, serde_json = "1"
let {variable}: serde_json::Value = reqwest::Client::new()
    .get("{address}")
    .bearer_auth(std::env::var("POSTKEY_KEY")?)
    .timeout(std::time::Duration::from_secs(15))
    .send()
    .await?
    .error_for_status()?
    .json()
    .await?;
println!("{}", {variable}["{field}"]);"#;

/// The examples for `address`, whose answer holds `field`.
pub(super) fn of(address: &str, field: &str) -> Vec<Snippet> {
    let variable = if field == "expires_at" { "token" } else { "mailbox" };
    let fill = |text: &str| {
        text.replace("{address}", address)
            .replace("{python}", &format!("{variable}[\"{field}\"]"))
            .replace("{dotted}", &format!("{variable}.{field}"))
            .replace("{variable}", variable)
            .replace("{field}", field)
    };
    [
        ("curl", "curl", CURL),
        ("python", "Python", PYTHON),
        ("node", "Node", NODE),
        ("dotnet", ".NET", DOTNET),
        ("rust", "Rust", RUST),
    ]
    .map(|(id, label, text)| Snippet { id, label, text: fill(text) })
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_names_the_address_and_the_variable_and_nothing_is_left_to_fill_in() {
        for field in ["expires_at", "incoming"] {
            for Snippet { label, text, .. } in of("https://postkey.example/x", field) {
                assert!(text.contains("https://postkey.example/x") && text.contains("POSTKEY_KEY"), "{label}");
                assert!(
                    !text.contains("{variable}") && !text.contains("{field}") && !text.contains("{address}"),
                    "{label}"
                );
            }
        }
    }
}
