//! Beliefs as one line of text, to be kept. Whole numbers only, so that every machine reads them alike.

use super::beliefs::{Beliefs, WORLDS};
use super::features::Rule;

/// Changes with the grid: a text of another grid is not read.
const VERSION: &str = "1";
const SCALE: f64 = 1000.0;

fn whole(value: f64) -> String {
    format!("{:.0}", value * SCALE)
}

fn read(text: &str) -> Option<f64> {
    text.parse::<i64>().ok().map(|value| value as f64 / SCALE)
}

impl Beliefs {
    /// To be kept.
    pub fn to_text(&self) -> String {
        let weights: Vec<String> = self.weights.iter().map(|weight| whole(*weight)).collect();
        let services: Vec<String> = self
            .services
            .iter()
            .map(|(service, (blamed, cleared))| format!("{service}:{}:{}", whole(*blamed), whole(*cleared)))
            .collect();
        let rules: Vec<String> = self
            .rules
            .iter()
            .map(|(rule, (confirmed, judged))| format!("{}:{}:{}", rule.as_str(), whole(*confirmed), whole(*judged)))
            .collect();
        let totals = [self.blamed, self.rules_total.0, self.rules_total.1].map(whole).join(",");
        [
            VERSION.to_owned(),
            self.incidents.to_string(),
            self.judged.to_string(),
            totals,
            services.join(","),
            rules.join(","),
            weights.join(","),
        ]
        .join(";")
    }

    /// From [`Beliefs::to_text`]; nothing when the text is of another version or damaged.
    pub fn from_text(text: &str) -> Option<Beliefs> {
        let parts: Vec<&str> = text.split(';').collect();
        let [VERSION, incidents, judged, totals, services, rules, weights] = parts[..] else { return None };
        let weights: Vec<f64> = weights.split(',').map(read).collect::<Option<_>>()?;
        let totals: Vec<f64> = totals.split(',').map(read).collect::<Option<_>>()?;
        let [blamed, confirmed, rated] = totals[..] else { return None };
        let triples = |list: &str| -> Option<Vec<(String, f64, f64)>> {
            list.split(',')
                .filter(|entry| !entry.is_empty())
                .map(|entry| {
                    let parts: Vec<&str> = entry.split(':').collect();
                    let [name, one, other] = parts[..] else { return None };
                    Some((name.to_owned(), read(one)?, read(other)?))
                })
                .collect()
        };
        let mut beliefs = Beliefs { weights, blamed, rules_total: (confirmed, rated), ..Beliefs::default() };
        beliefs.incidents = incidents.parse().ok()?;
        beliefs.judged = judged.parse().ok()?;
        for (name, blamed, cleared) in triples(services)? {
            beliefs.services.insert(name.parse().ok()?, (blamed, cleared));
        }
        for (name, confirmed, judged) in triples(rules)? {
            beliefs.rules.insert(Rule::parse(&name)?, (confirmed, judged));
        }
        (beliefs.weights.len() == WORLDS).then_some(beliefs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beliefs_are_kept_and_read_again() {
        let mut beliefs = Beliefs { incidents: 3, judged: 2, blamed: 1.25, ..Beliefs::default() };
        beliefs.services.insert(7, (1.25, 2.0));
        beliefs.rules.insert(Rule::Undone, (1.0, 4.0));
        let text = beliefs.to_text();
        let again = Beliefs::from_text(&text).unwrap();
        assert_eq!(again.to_text(), text);
        assert_eq!((again.seen(), again.services, again.rules), ((3, 2), beliefs.services, beliefs.rules));
        assert_eq!(Beliefs::from_text(&text[..text.len() - 9]), None);
        assert_eq!(Beliefs::from_text(""), None);
    }
}
