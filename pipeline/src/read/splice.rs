//! Edits of a JSON record that leave every other byte as it was.

use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::read::json::Key;

/// Finds the bytes of a top-level field's value, quotes included.
pub fn find_value_span(line: &str, field: &str) -> Option<Range<usize>> {
    struct Finder<'f>(&'f str);
    impl<'de> Visitor<'de> for Finder<'_> {
        type Value = Option<&'de str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
                if key == self.0 {
                    found = Some(map.next_value::<&'de RawValue>()?.get());
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let value = deserializer.deserialize_map(Finder(field)).ok().flatten()?;
    // the value borrows from the line, so its address is its place
    let start = value.as_ptr().addr().checked_sub(line.as_ptr().addr())?;
    Some(start..start + value.len())
}

/// The record with another text; every other byte stays. A record without the field comes back
/// as it is.
pub fn replace_text(record: &[u8], field: &str, text: &str) -> Vec<u8> {
    let span = std::str::from_utf8(record).ok().and_then(|line| find_value_span(line, field));
    let (Some(span), Ok(value)) = (span, serde_json::to_vec(text)) else { return record.to_vec() };
    [&record[..span.start], &value, &record[span.end..]].concat()
}

/// The record with one more field before its closing brace; every other byte stays.
pub fn splice_reason(record: &[u8], field: &str, json: &str) -> Vec<u8> {
    let Some(end) = record.iter().rposition(|byte| *byte == b'}') else { return record.to_vec() };
    let last = record[..end].iter().rposition(|byte| !byte.is_ascii_whitespace());
    let empty = last.is_some_and(|at| record[at] == b'{');
    let name = Value::from(field).to_string();
    let comma: &[u8] = if empty { b"" } else { b"," };
    [&record[..end], comma, name.as_bytes(), b":", json.as_bytes(), &record[end..]].concat()
}
