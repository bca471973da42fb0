//! The kinds of defect that a reviewer tells apart: the user's own list in a rule file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A kind of defect: a plain name in the file, or a name with a digit and a reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct DefectKind {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// The digit that chooses it, 1 to 9; by its place in the list where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<u8>,
    /// What belongs to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The long form; unknown keys are errors here as everywhere.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongKind {
    name: String,
    key: Option<u8>,
    why: Option<String>,
}

impl JsonSchema for DefectKind {
    fn schema_name() -> Cow<'static, str> {
        "DefectKind".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = LongKind::json_schema(generator);
        json_schema!({ "anyOf": [{ "type": "string" }, long] })
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = DefectKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a kind of defect, or {name, key, why}")
    }

    fn visit_str<E>(self, name: &str) -> Result<DefectKind, E> {
        Ok(DefectKind::named(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DefectKind, A::Error> {
        let LongKind { name, key, why } = LongKind::deserialize(MapAccessDeserializer::new(map))?;
        Ok(DefectKind { name, key, why })
    }
}

impl<'de> Deserialize<'de> for DefectKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

impl DefectKind {
    /// A kind that is only a name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), key: None, why: None }
    }

    /// What is wrong with it as the next one of a list.
    pub fn problem(&self, before: &[Self]) -> Option<String> {
        let Self { name, key, .. } = self;
        let fine = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(fine) {
            return Some(format!(
                "'{name}' is no kind of defect: write a name of letters, digits, - and _"
            ));
        }
        if before.iter().any(|one| one.name == *name) {
            return Some(format!("the kind of defect '{name}' stands in the list already"));
        }
        let key = (*key)?;
        if !(1..=9).contains(&key) {
            return Some(format!("kind of defect '{name}': its key is a digit from 1 to 9"));
        }
        let other = before.iter().find(|one| one.key == Some(key))?;
        Some(format!("kind of defect '{name}': key {key} chooses '{}' already", other.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_name_or_more() {
        let text = "- boilerplate\n- {name: table, key: 4, why: 'a table was lost'}\n";
        let kinds: Vec<DefectKind> = serde_saphyr::from_str(text).unwrap();
        let table = DefectKind {
            name: "table".to_owned(),
            key: Some(4),
            why: Some("a table was lost".to_owned()),
        };
        assert_eq!(kinds, [DefectKind::named("boilerplate"), table]);
        for wrong in ["- {name: a, kee: 4}", "- {key: 4}", "- [a]", "- {name: a, key: x}"] {
            assert!(serde_saphyr::from_str::<Vec<DefectKind>>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_has_each_name_and_key_once() {
        let a = DefectKind { key: Some(1), ..DefectKind::named("a") };
        assert_eq!(a.problem(&[]), None);
        assert!(a.problem(std::slice::from_ref(&a)).unwrap().contains("already"));
        let b = DefectKind { key: Some(1), ..DefectKind::named("b") };
        assert!(b.problem(&[a]).unwrap().contains("chooses 'a'"));
        let c = DefectKind { key: Some(0), ..DefectKind::named("c") };
        assert!(c.problem(&[]).unwrap().contains("1 to 9"));
        assert!(DefectKind::named("two words").problem(&[]).is_some());
        assert!(DefectKind::named("").problem(&[]).is_some());
    }
}
