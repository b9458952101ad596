//! The PowerShell script that limits an application to its mailboxes (Exchange RBAC for Applications). No I/O.
//!
//! Names and addresses were typed by people, and the script is run by an administrator of the whole tenant: everything
//! that Postkey does not make itself stands in single quotes.

use crate::microsoft::Cloud;

/// Above this many mailboxes the limit goes by a group, because a filter has a greatest length.
pub const MOST_ADDRESSES: usize = 20;
/// Characters of the application's name in names that Exchange keeps, which take 64 in all.
const LABEL: usize = 32;

/// What the script is about.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    /// The application's name.
    pub name: &'a str,
    /// Its client ID.
    pub client_id: &'a str,
    /// Its cloud.
    pub cloud: Cloud,
    /// Its mailboxes, at least one; more than [`MOST_ADDRESSES`] stand for any number.
    pub addresses: &'a [String],
    /// Where all of them can be exported.
    pub export: &'a str,
}

impl Limit<'_> {
    /// The script. It changes Exchange only after the administrator has put in one ID that Postkey does not know.
    pub fn script(&self) -> String {
        let by_group = self.addresses.len() > MOST_ADDRESSES;
        let (which, filter) =
            if by_group { (self.group(), GROUP_FILTER.to_owned()) } else { (self.list(), LIST_FILTER.to_owned()) };
        let (test, other) = (if by_group { self.addresses[..1].iter() } else { self.addresses.iter() }, self.domain());
        let tests: String = test
            .map(|address| {
                format!(
                    "Test-ServicePrincipalAuthorization -Identity $clientId -Resource {} | Format-Table\n",
                    quoted(address)
                )
            })
            .collect();
        let other = quoted(&format!("somebody.else@{other}"));
        format!(
            "# Limits the application {shown} to the mailboxes that Postkey uses.
# For a member of Organization Management in Exchange (in Entra: Exchange Administrator).
#
# The limit does nothing while Entra grants the application a Mail.* application permission, which opens every
# mailbox. Remove those under API permissions, and revoke their consent under Enterprise apps, Permissions.

$clientId = {client_id}
# Entra ID > Enterprise apps > the application > Overview > Object ID. Not the one of the app registration.
$objectId = 'put the Object ID here'
if ($objectId -notmatch '^[0-9a-fA-F-]{{36}}$') {{ throw 'First put the Object ID of the enterprise application into the script.' }}
$name = {name}
{which}
Install-Module ExchangeOnlineManagement -Scope CurrentUser
Connect-ExchangeOnline{environment}

{filter}
New-ServicePrincipal -AppId $clientId -ObjectId $objectId -DisplayName $name
New-ManagementScope -Name \"$name mailboxes\" -RecipientRestrictionFilter $filter
New-ManagementRoleAssignment -Name \"$name Mail.ReadWrite\" -App $objectId -Role 'Application Mail.ReadWrite' -CustomResourceScope \"$name mailboxes\"
New-ManagementRoleAssignment -Name \"$name Mail.Send\" -App $objectId -Role 'Application Mail.Send' -CustomResourceScope \"$name mailboxes\"

# Test. InScope must be True. The test knows a change at once; Microsoft Graph follows after 30 minutes to 2 hours.
{tests}# And it must be False for a mailbox that is none of them:
# Test-ServicePrincipalAuthorization -Identity $clientId -Resource {other} | Format-Table

# If the mailboxes change later:
# Set-ManagementScope -Identity \"$name mailboxes\" -RecipientRestrictionFilter $filter

# Undo:
# Remove-ManagementRoleAssignment -Identity \"$name Mail.ReadWrite\"
# Remove-ManagementRoleAssignment -Identity \"$name Mail.Send\"
# Remove-ManagementScope -Identity \"$name mailboxes\"
# Remove-ServicePrincipal -Identity $objectId
",
            shown = in_comment(self.name),
            client_id = quoted(self.client_id),
            name = quoted(&self.exchange_name()),
            environment = environment(self.cloud),
        )
    }

    fn list(&self) -> String {
        let lines: String = self.addresses.iter().map(|address| format!("    {}\n", quoted(address))).collect();
        format!("$addresses = @(\n{lines})\n")
    }

    fn group(&self) -> String {
        format!(
            "# A mail-enabled security group. Its direct members are the mailboxes; groups inside it do not count.
$group = {group}
# To make and fill it, export the mailboxes from {export}
# New-DistributionGroup -Name $name -Type Security -PrimarySmtpAddress $group
# Import-Csv mailboxes.csv | ForEach-Object {{ Add-DistributionGroupMember -Identity $group -Member $_.address.TrimStart(\"'\") }}
",
            group = quoted(&format!("postkey-mailboxes@{}", self.domain())),
            export = in_comment(self.export),
        )
    }

    fn domain(&self) -> &str {
        self.addresses.first().and_then(|address| address.rsplit_once('@')).map_or("contoso.com", |(_, domain)| domain)
    }

    /// A name for Exchange: short enough, harmless, and no other application's.
    fn exchange_name(&self) -> String {
        let harmless: String = self
            .name
            .chars()
            .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { ' ' })
            .collect();
        let words = harmless.split_whitespace().collect::<Vec<_>>().join(" ");
        let label: String = words.chars().filter(|c| c.len_utf16() == 1).take(LABEL).collect();
        let id: String = self.client_id.chars().take(8).collect();
        ["Postkey", label.trim(), &id].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

// In a filter, too, a quote inside of quotes is doubled. PowerShell takes four typographic quotes for the straight one.
const LIST_FILTER: &str = "$filter = ($addresses | ForEach-Object { \"EmailAddresses -eq '\" + ($_ -replace \"['\\u2018-\\u201B]\", '$0$0') + \"'\" }) -join ' -or '";
const GROUP_FILTER: &str = "$dn = (Get-DistributionGroup -Identity $group).DistinguishedName
$filter = \"MemberOfGroup -eq '\" + ($dn -replace \"['\\u2018-\\u201B]\", '$0$0') + \"'\"";

fn environment(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global | Cloud::Custom => "",
        Cloud::UsGovernment => " -ExchangeEnvironmentName O365USGovGCCHigh",
        Cloud::UsDod => " -ExchangeEnvironmentName O365USGovDoD",
        Cloud::China => " -ExchangeEnvironmentName O365China",
    }
}

/// A string of PowerShell in which nothing has a meaning.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars().filter(|c| !c.is_control()) {
        quoted.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
    }
    quoted.push('\'');
    quoted
}

/// Text in a comment, which ends with its line.
fn in_comment(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: &str, addresses: &[String], cloud: Cloud) -> String {
        let client_id = "9e1c0c52-1111-4222-8333-abcdefabcdef";
        Limit { name, client_id, cloud, addresses, export: "https://postkey.example/mailboxes.csv?app=app_1" }.script()
    }

    fn name_of(script: &str) -> &str {
        script.lines().find_map(|line| line.strip_prefix("$name = '")).unwrap().trim_end_matches('\'')
    }

    #[test]
    fn nothing_that_a_person_typed_can_leave_its_quotes() {
        let addresses = ["o'brien@contoso.example".to_owned(), "a’; Remove-Item C:\\ #@contoso.example".to_owned()];
        let script = script("x'; Remove-Item *\nRemove-Item y <script>", &addresses, Cloud::Global);
        assert!(script.contains("    'o''brien@contoso.example'\n"));
        assert!(script.contains("    'a’’; Remove-Item C:\\ #@contoso.example'\n"));
        assert_eq!(name_of(&script), "Postkey x Remove-Item Remove-Item y scri 9e1c0c52");
        assert!(script.starts_with("# Limits the application x'; Remove-Item *Remove-Item y <script> to"));
    }

    #[test]
    fn every_name_that_exchange_keeps_has_at_most_64_characters() {
        for name in ["ä".repeat(100), "🦀".repeat(100), String::new(), "Contoso Mail".to_owned()] {
            let script = script(&name, &["a@contoso.example".to_owned()], Cloud::Global);
            let longest = format!("{} Mail.ReadWrite", name_of(&script));
            assert!(longest.encode_utf16().count() <= 64, "{longest}");
            assert!(name_of(&script).starts_with("Postkey ") && name_of(&script).ends_with(" 9e1c0c52"));
        }
    }

    #[test]
    fn many_mailboxes_go_by_a_group() {
        let addresses: Vec<String> = (0..=MOST_ADDRESSES).map(|n| format!("box{n}@contoso.example")).collect();
        let few = script("Contoso Mail", &addresses[1..], Cloud::Global);
        assert!(few.contains("EmailAddresses -eq") && !few.contains("MemberOfGroup"));
        let many = script("Contoso Mail", &addresses, Cloud::Global);
        assert!(many.contains("MemberOfGroup -eq") && many.contains("$group = 'postkey-mailboxes@contoso.example'"));
        assert_eq!(many.matches("Test-ServicePrincipalAuthorization").count(), 2);
    }

    #[test]
    fn a_national_cloud_is_named() {
        let addresses = ["a@contoso.example".to_owned()];
        assert!(
            script("x", &addresses, Cloud::China)
                .contains("Connect-ExchangeOnline -ExchangeEnvironmentName O365China\n")
        );
        assert!(script("x", &addresses, Cloud::Global).contains("Connect-ExchangeOnline\n"));
    }
}
