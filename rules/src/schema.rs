//! The JSON Schema of rule files, made from the types that read them.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::annotators::ANNOTATORS;
use crate::annotators::pii::KINDS;
use crate::packs;
use crate::rule_file::{ACTIONS, RuleFile};

/// The schema of a rule file, with the names that can stand in it.
pub fn rule_file() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<RuleFile>().to_value();
    set(&mut schema, "", "$id", json!("https://example.invalid/tamis/rules.schema.json"));
    set(&mut schema, "", "title", json!("tamis rule file"));
    set(&mut schema, "/properties/version", "const", json!(1));
    let names: Vec<&str> = ANNOTATORS.iter().map(|annotator| annotator.name()).collect();
    set(&mut schema, "/properties/measure/items", "enum", json!(names));
    // files can be named too, so packs are only offered
    let sources = json!([{ "enum": packs::names() }, { "type": "string" }]);
    replace(&mut schema, "/properties/extends/items", json!({ "anyOf": sources }));
    let types = json!(["string", "int", "double", "bool"]);
    set(&mut schema, "/properties/columns/additionalProperties", "enum", types);
    let rule = "/definitions/Rule";
    let actions: Vec<Value> =
        ACTIONS.iter().map(|action| json!({ "required": [action] })).collect();
    set(&mut schema, rule, "oneOf", json!(actions));
    let id = format!("{rule}/properties/id");
    set(&mut schema, &id, "pattern", json!("^[^/]+/.+$"));
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let kind = json!({ "enum": kinds });
    let several = json!({ "type": "array", "items": kind, "minItems": 1, "uniqueItems": true });
    let pii = format!("{rule}/properties/replace_pii");
    replace(&mut schema, &pii, json!({ "anyOf": [kind, several] }));
    let stage = format!("{rule}/properties/stage");
    set(&mut schema, &stage, "minimum", json!(1));
    set(&mut schema, &stage, "maximum", json!(64));
    schema
}

/// The schema as it is shipped.
pub fn rule_file_text() -> String {
    // a JSON value always has a text
    serde_json::to_string_pretty(&rule_file()).unwrap_or_default() + "\n"
}

fn set(schema: &mut Value, place: &str, key: &str, value: Value) {
    if let Some(found) = schema.pointer_mut(place).and_then(Value::as_object_mut) {
        found.insert(key.to_owned(), value);
    }
}

/// Puts another schema in the place of one, whose description stays.
#[expect(clippy::needless_pass_by_value, reason = "made for the call")]
fn replace(schema: &mut Value, place: &str, with: Value) {
    let Some(found) = schema.pointer_mut(place) else { return };
    let description = found.get("description").cloned();
    let mut new: Map<String, Value> = with.as_object().cloned().unwrap_or_default();
    if let Some(description) = description {
        new.insert("description".to_owned(), description);
    }
    *found = Value::Object(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_that_is_refined_is_there() {
        let schema = rule_file();
        for (place, holds) in [
            ("/properties/version/const", "1"),
            ("/properties/measure/items/enum", "word_count"),
            ("/properties/extends/items/anyOf", "tamis/web"),
            ("/properties/columns/additionalProperties/enum", "double"),
            ("/definitions/Rule/oneOf", "replace_pii"),
            ("/definitions/Rule/properties/id/pattern", "/"),
            ("/definitions/Rule/properties/replace_pii/anyOf", "public_ip"),
            ("/definitions/Rule/properties/stage/maximum", "64"),
            ("/definitions/Rule/additionalProperties", "false"),
            ("/definitions/Expect/additionalProperties", "false"),
            ("/additionalProperties", "false"),
        ] {
            let found = schema.pointer(place).map(Value::to_string).unwrap_or_default();
            assert!(found.contains(holds), "{place}: {found}");
        }
    }
}
