//! Addresses that look like a company's, as many as are wanted.

const TEAMS: &str = "accounts bookings careers claims complaints contracts desk exports facilities hello info it legal \
                     loans loyalty office orders press purchasing quality refunds returns service shipping travel";
const CITIES: &str = "amsterdam ankara athens barcelona berlin bilbao bologna brussels bucharest budapest cologne \
                      copenhagen cork dublin geneva genoa ghent hamburg helsinki krakow leeds lisbon london lyon madrid \
                      malaga milan munich nantes oslo paris porto prague riga rome seville sofia tallinn turin vienna";

/// The part before the `@` of ordinary mailbox `number`; all differ.
pub(crate) fn ordinary(number: usize) -> String {
    let (teams, cities) = (TEAMS.split_whitespace(), CITIES.split_whitespace());
    let (of_teams, of_cities) = (teams.clone().count(), cities.clone().count());
    let team = teams.clone().nth(number % of_teams).unwrap_or_default();
    let city = cities.clone().nth(number / of_teams % of_cities).unwrap_or_default();
    match number / (of_teams * of_cities) {
        0 => format!("{team}.{city}"),
        more => format!("{team}.{city}.{more}"),
    }
}

/// 254 characters, the most that an address can have.
pub(crate) fn longest() -> String {
    let mut address = "this-address-is-as-long-as-one-can-be@".to_owned();
    let end = ".example";
    for label in
        ["and-so-is-its-domain", "since-every-page-must-fold-it", "somewhere", "without-a-scroll-bar"].iter().cycle()
    {
        let left = 254 - end.len() - address.len();
        // What is left must fit into one label.
        if left <= 40 {
            address.push_str(&"x".repeat(left));
            return address + end;
        }
        address.push_str(label);
        address.push('.');
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_address_is_as_long_as_an_address_can_be() {
        let address = longest();
        assert_eq!(address.len(), 254);
        assert_eq!(postkey::mailboxes::form::address(&address), Ok(address.clone()));
    }
}
