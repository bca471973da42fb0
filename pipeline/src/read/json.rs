//! One JSON record: the few values that tamis needs, borrowed where they can be, and edits that
//! leave every other byte as it was.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{ForeignField, ForeignType};

/// Deepest nesting that is read; parsers downstream give up far earlier.
pub const DEPTH_MAX: usize = 512;

/// What to look for in a record.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Names of the text, best first.
    pub text: Vec<String>,
    /// Names of the id, best first.
    pub id: Vec<String>,
    /// Further columns.
    pub foreign: Vec<ForeignField>,
    /// The field that must not be there; empty switches this off.
    pub reason_field: String,
}

/// What was found in a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Which of the wanted names it had.
    pub text_name: usize,
    /// The id, numbers as written.
    pub id: Option<String>,
    /// Which of the wanted names it had.
    pub id_name: Option<usize>,
    /// The further columns, in the order asked for; null where absent or of another type.
    pub foreign: Vec<Value>,
    /// Columns whose value is of another type than declared.
    pub mistyped: Vec<usize>,
}

/// Why a record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A failure: its code and the message.
    Failure(&'static str, String),
    /// The record has the reason field already.
    ReasonField,
}

/// Reads one record.
pub fn parse<'a>(bytes: &'a [u8], wanted: &Wanted) -> Result<Record<'a>, Trouble> {
    let line = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Trouble::Failure("invalid-utf8", format!("byte {at} of the record is not UTF-8"))
    })?;
    if too_deep(bytes) {
        let message = format!("arrays and objects are nested more than {DEPTH_MAX} deep");
        return Err(Trouble::Failure("nested-too-deep", message));
    }
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let visited = Fields { wanted }.deserialize(&mut deserializer);
    let found = visited.and_then(|found| deserializer.end().map(|()| found)).map_err(|error| {
        Trouble::Failure("broken-json", format!("the line is not a JSON object: {error}"))
    })?;
    if found.reason_field {
        return Err(Trouble::ReasonField);
    }
    if let Some(name) = found.twice {
        return Err(Trouble::Failure("duplicate-field", format!("the field '{name}' stands twice")));
    }
    let names = || wanted.text.join("', '");
    match found.text {
        Some((text_name, Text::String(text))) => Ok(Record {
            text,
            text_name,
            id: found.id.as_ref().map(|id| id.1.clone()),
            id_name: found.id.map(|id| id.0),
            foreign: found.foreign,
            mistyped: found.mistyped,
        }),
        Some((name, Text::Null)) => Err(Trouble::Failure(
            "missing-text",
            format!("the field '{}' is null", wanted.text[name]),
        )),
        Some((name, Text::Other)) => Err(Trouble::Failure(
            "text-not-a-string",
            format!("the field '{}' is not a string", wanted.text[name]),
        )),
        None => Err(Trouble::Failure(
            "missing-text",
            format!("there is no field '{}'; name the text with --text-column", names()),
        )),
    }
}

/// Whether brackets outside strings nest too deep; records with few brackets pay one count.
fn too_deep(bytes: &[u8]) -> bool {
    if memchr::memchr2_iter(b'{', b'[', bytes).nth(DEPTH_MAX).is_none() {
        return false;
    }
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in bytes {
        if in_string {
            if escaped {
                escaped = false;
            } else if *byte == b'\\' {
                escaped = true;
            } else if *byte == b'"' {
                in_string = false;
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest > DEPTH_MAX
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The value of the text field.
enum Text<'a> {
    String(Cow<'a, str>),
    Null,
    Other,
}

struct Found<'a> {
    text: Option<(usize, Text<'a>)>,
    id: Option<(usize, String)>,
    foreign: Vec<Value>,
    mistyped: Vec<usize>,
    twice: Option<String>,
    reason_field: bool,
}

struct Fields<'w> {
    wanted: &'w Wanted,
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let wanted = self.wanted;
        let mut found = Found {
            text: None,
            id: None,
            foreign: vec![Value::Null; wanted.foreign.len()],
            mistyped: Vec::new(),
            twice: None,
            reason_field: false,
        };
        let mut seen_text = 0_u64;
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            if !wanted.reason_field.is_empty() && key == wanted.reason_field {
                found.reason_field = true;
            }
            if let Some(name) = wanted.text.iter().position(|name| *name == key) {
                let value = map.next_value_seed(TextSeed)?;
                if seen_text & (1 << name.min(63)) != 0 {
                    found.twice = Some(key.into_owned());
                }
                seen_text |= 1 << name.min(63);
                // a string beats what is none, then the better name wins
                let grade = |name: usize, text: &Text<'_>| (!matches!(text, Text::String(_)), name);
                let better =
                    found.text.as_ref().is_none_or(|(n, t)| grade(name, &value) < grade(*n, t));
                if better {
                    found.text = Some((name, value));
                }
                continue;
            }
            let id = wanted.id.iter().position(|name| *name == key);
            let is_foreign = wanted.foreign.iter().any(|field| head(&field.name) == key);
            if id.is_none() && !is_foreign {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let raw: &'de RawValue = map.next_value()?;
            if let Some(name) = id
                && found.id.as_ref().is_none_or(|(before, _)| name < *before)
                && let Some(text) = id_text(raw)
            {
                found.id = Some((name, text));
            }
            if is_foreign {
                let value: Value = serde_json::from_str(raw.get()).unwrap_or(Value::Null);
                for (number, field) in wanted.foreign.iter().enumerate() {
                    if head(&field.name) == key {
                        take_foreign(&value, number, field, &mut found).map_err(A::Error::custom)?;
                    }
                }
            }
        }
        Ok(found)
    }
}

fn head(path: &str) -> &str {
    path.split_once('.').map_or(path, |(head, _)| head)
}

fn take_foreign(
    value: &Value,
    number: usize,
    field: &ForeignField,
    found: &mut Found<'_>,
) -> Result<(), String> {
    let mut at = value;
    for step in field.name.split('.').skip(1) {
        match at.get(step) {
            Some(inner) => at = inner,
            None => return Ok(()),
        }
    }
    let fits = match field.kind {
        ForeignType::String => at.is_string(),
        ForeignType::Int => at.is_i64(),
        ForeignType::Double => at.is_number(),
        ForeignType::Bool => at.is_boolean(),
    };
    if fits {
        found.foreign[number] = at.clone();
    } else if !at.is_null() {
        found.mistyped.push(number);
    }
    Ok(())
}

fn id_text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'-' | b'0'..=b'9' => Some(raw.get().to_owned()),
        _ => None,
    }
}

struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text::String(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::Other)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted() -> Wanted {
        Wanted {
            text: ["text", "content"].map(String::from).to_vec(),
            id: ["id", "doc_id"].map(String::from).to_vec(),
            foreign: vec![
                ForeignField { name: "url".into(), kind: ForeignType::String },
                ForeignField { name: "meta.score".into(), kind: ForeignType::Double },
            ],
            reason_field: "tamis".into(),
        }
    }

    fn code(bytes: &[u8]) -> &'static str {
        match parse(bytes, &wanted()) {
            Err(Trouble::Failure(code, _)) => code,
            Err(Trouble::ReasonField) => "reason-field",
            Ok(_) => "fine",
        }
    }

    #[test]
    fn a_record_gives_its_text_id_and_columns() {
        let line = br#"{"id": 17, "meta": {"score": 0.5}, "url": "u", "text": "a\nb"}"#;
        let record = parse(line, &wanted()).unwrap();
        assert_eq!(record.text, "a\nb");
        assert_eq!(record.id.as_deref(), Some("17"));
        assert_eq!(record.foreign, [Value::from("u"), Value::from(0.5)]);
        assert!(record.mistyped.is_empty());
    }

    #[test]
    fn the_better_name_wins_and_a_string_beats_what_is_none() {
        let both = br#"{"content": "worse", "text": "better"}"#;
        assert_eq!(parse(both, &wanted()).unwrap().text, "better");
        let other = br#"{"text": {"body": 1}, "content": "a string"}"#;
        assert_eq!(parse(other, &wanted()).unwrap().text, "a string");
    }

    #[test]
    fn a_column_of_another_type_is_null_and_told() {
        let record = parse(br#"{"text": "", "url": 7, "meta": {"score": "high"}}"#, &wanted()).unwrap();
        assert_eq!(record.mistyped, [0, 1]);
        assert_eq!(record.foreign, [Value::Null, Value::Null]);
    }

    #[test]
    fn every_kind_of_broken_record_has_its_code() {
        assert_eq!(code(b"{\"text\": \"\"}"), "fine");
        assert_eq!(code(b"{\"text\": \"\\u0000\"}"), "fine");
        assert_eq!(code(b"{\"text\": \"a"), "broken-json");
        assert_eq!(code(b"{\"text\": \"a\"} x"), "broken-json");
        assert_eq!(code(b"[1]"), "broken-json");
        assert_eq!(code(b"{\"text\": \"a\0b\"}"), "broken-json");
        assert_eq!(code(b"{\"text\": \"\\ud800\"}"), "broken-json");
        assert_eq!(code(b"{\"body\": \"a\"}"), "missing-text");
        assert_eq!(code(b"{\"text\": null}"), "missing-text");
        assert_eq!(code(b"{\"text\": 5}"), "text-not-a-string");
        assert_eq!(code(b"{\"text\": [{}, 1]}"), "text-not-a-string");
        assert_eq!(code(b"{\"text\": \"a\", \"text\": \"b\"}"), "duplicate-field");
        assert_eq!(code(b"{\"text\": \"\xff\"}"), "invalid-utf8");
        assert_eq!(code(b"{\"text\": \"a\", \"tamis\": {}}"), "reason-field");
        let deep = format!("{{\"x\": {}{}, \"text\": \"\"}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(code(deep.as_bytes()), "nested-too-deep");
        let brackets = format!("{{\"text\": \"{}\"}}", "[".repeat(1000));
        assert_eq!(code(brackets.as_bytes()), "fine");
    }

    #[test]
    fn edits_leave_every_other_byte() {
        let record = b"{ \"a\" : 1.50, \"text\":\"x\\u00e9\" ,\"b\":[ ] }\r";
        assert_eq!(
            replace_text(record, "text", "n\n"),
            b"{ \"a\" : 1.50, \"text\":\"n\\n\" ,\"b\":[ ] }\r"
        );
        assert_eq!(
            splice_reason(record, "tamis", "{}"),
            b"{ \"a\" : 1.50, \"text\":\"x\\u00e9\" ,\"b\":[ ] ,\"tamis\":{}}\r"
        );
        assert_eq!(splice_reason(b"{ }", "tamis", "1"), b"{ \"tamis\":1}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, &wanted());
            let _ = splice_reason(&bytes, "tamis", "{}");
            let _ = replace_text(&bytes, "text", "x");
        }

        #[test]
        fn a_replaced_text_reads_back(text in ".*", other in ".*", extra in ".*") {
            let line = serde_json::json!({"extra": extra, "text": text, "z": 1}).to_string();
            let edited = replace_text(line.as_bytes(), "text", &other);
            prop_assert_eq!(parse(&edited, &wanted()).unwrap().text, other.as_str());
            let back = replace_text(&edited, "text", &text);
            prop_assert_eq!(parse(&back, &wanted()).unwrap().text, text.as_str());
        }
    }
}
