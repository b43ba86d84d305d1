use std::collections::BTreeMap;

use super::dashboard::{Dashboard, text};

/// What stands for variables in queries.
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// As a dashboard opens: all values of labels, of the others those that are chosen. Grafana's own are `built_in`.
    pub(super) fn of(dashboard: &Dashboard, built_in: &[(&str, &str)]) -> Self {
        let own = dashboard.variables().iter().filter_map(|variable| {
            let value = match text(&variable["type"]) {
                "datasource" => return None,
                "query" => text(&variable["allValue"]),
                "interval" | "custom" => text(&variable["current"]["value"]),
                kind => panic!("what a variable of type {kind} stands for is not known"),
            };
            Some((text(&variable["name"]), value))
        });
        let all = own.chain(built_in.iter().copied());
        Self(
            all.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Chooses values of a variable that takes several, as Grafana writes them into a query.
    pub(super) fn choose(&mut self, name: &str, values: &[String]) {
        let escaped: Vec<_> = values.iter().map(|value| escaped(value)).collect();
        let chosen = match &escaped[..] {
            [one] => one.clone(),
            several => format!("({})", several.join("|")),
        };
        self.0.insert(name.to_owned(), chosen);
    }

    /// The query with its variables' values; says which one there is not.
    pub(super) fn resolve(&self, query: &str) -> Result<String, String> {
        let mut parts = query.split('$');
        let mut resolved = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part
                .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                .unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            let value = self.0.get(name);
            resolved += value.ok_or_else(|| format!("{query}: there is no variable {name:?}"))?;
            resolved += rest;
        }
        Ok(resolved)
    }
}

/// A value as a part of a regular expression, within a string of PromQL.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        if r"\^$*+?.()|{}[]".contains(character) {
            escaped += r"\\";
        }
        escaped.push(character);
    }
    escaped
}
