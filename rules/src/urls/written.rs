//! A list as it is written in a rule file: a path, or a path and the column that it is about.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

/// The column that a list is about where it names none.
const COLUMN: &str = "url";

/// A list in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenList {
    /// A file, or a folder of the UT1 form, relative to the rule file.
    pub(crate) path: String,
    /// The column with the addresses.
    pub(crate) column: String,
}

/// The long form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongList {
    path: String,
    column: Option<String>,
}

impl JsonSchema for WrittenList {
    fn schema_name() -> Cow<'static, str> {
        "UrlList".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = LongList::json_schema(generator);
        json_schema!({ "anyOf": [{ "type": "string" }, long] })
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = WrittenList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of a list, or {path, column}")
    }

    fn visit_str<E>(self, path: &str) -> Result<WrittenList, E> {
        Ok(WrittenList { path: path.to_owned(), column: COLUMN.to_owned() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenList, A::Error> {
        let LongList { path, column } = LongList::deserialize(MapAccessDeserializer::new(map))?;
        Ok(WrittenList { path, column: column.unwrap_or_else(|| COLUMN.to_owned()) })
    }
}

impl<'de> Deserialize<'de> for WrittenList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}
