//! What is wrong with a YAML file, in words that say what to write instead.

use serde_saphyr::Error;

use crate::nearest::suggest;

/// One line about an error: what is wrong, what was probably meant, what can stand there.
pub fn explain(error: &Error) -> String {
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            let near = suggest(field, expected.iter().copied());
            format!("there is no key '{field}' here{near}; there are {}", expected.join(", "))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let near = suggest(variant, expected.iter().copied());
            format!("'{variant}' cannot stand here{near}; write {}", expected.join(", "))
        }
        Error::SerdeMissingField { field, .. } => {
            format!("the key '{field}' is missing{}", example(field))
        }
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("{unexpected} cannot stand here: write {}", wanted(expected))
        }
        Error::Unexpected { expected, .. } => {
            format!("this cannot stand here: write {}", wanted(expected))
        }
        Error::InvalidScalar { ty, .. } => format!("this cannot stand here: write {}", wanted(ty)),
        Error::NullIntoString { .. } => "nothing stands here: write a text".to_owned(),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key '{key}' stands here twice: join the two")
        }
        other => other.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

/// What can be written for a key that is missing.
fn example(field: &str) -> &'static str {
    match field {
        "version" => ": write 'version: 1'",
        "id" => ": write 'id: family/name'",
        "text" => ": a test needs the text that it is about",
        "expect" => ": write what must come out, such as 'expect: { drop: [] }'",
        _ => "",
    }
}

/// What serde calls a type, in words of the file.
fn wanted(expected: &str) -> String {
    let known = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" | "integer" | "i64" | "unsigned integer" => {
            "a whole number"
        }
        "f32" | "f64" | "float" | "floating point" | "float (f64)" => "a number",
        "bool" | "a boolean" | "boolean" => "true or false",
        "string" | "a string" | "str" | "scalar" | "string scalar" => {
            "a text, with quotes where it holds ': ' or ' #'"
        }
        "a sequence" | "sequence" | "sequence start" => "a list, such as [a, b]",
        "a map" | "map" | "mapping start" => "keys with values, such as {a: b}",
        other if other.starts_with("struct ") => "keys with values, such as {a: b}",
        other => return other.to_owned(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its errors only")]
    struct File {
        version: u64,
        names: Option<Vec<String>>,
        share: Option<f64>,
        deep: Option<BTreeMap<String, String>>,
        on_null: Option<Choice>,
        gate: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Choice {
        Keep,
        Drop,
    }

    #[test]
    fn every_message_says_what_to_write() {
        for (text, says) in [
            (
                "version: 1\nnmaes: []",
                "no key 'nmaes' here (did you mean 'names'?); there are version",
            ),
            ("names: []", "the key 'version' is missing: write 'version: 1'"),
            ("version: one", "write a whole number"),
            ("version: 1\nshare: much", "write a number"),
            ("version: 1\nnames: a", "write a list, such as [a, b]"),
            ("version: 1\ndeep: [a]", "write keys with values"),
            ("version: 1\ngate: maybe", "write true or false"),
            ("version: 1\non_null: dorp", "(did you mean 'drop'?); write keep, drop"),
            ("version: 1\nversion: 1", "'version' stands here twice"),
        ] {
            let error = serde_saphyr::from_str::<File>(text).unwrap_err();
            let message = explain(&error);
            assert!(message.contains(says), "{text}: {message} ({:?})", error.without_snippet());
        }
    }
}
