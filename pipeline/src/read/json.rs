//! One JSON record: the few values that tamis needs, borrowed where they can be.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::read::ForeignField;
use crate::read::foreign::{Cell, Tree};
pub use crate::read::splice::{find_value_span, replace_text, splice_reason};

/// Deepest nesting that is read; parsers downstream give up far earlier.
pub const DEPTH_MAX: usize = 512;

/// What to look for in a record.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Names of the text, best first.
    pub text: Vec<String>,
    /// Names of the id, best first.
    pub id: Vec<String>,
    /// The field that must not be there; empty switches this off.
    pub reason_field: String,
    columns: usize,
    foreign: Tree,
}

impl Wanted {
    /// What to look for: names of the text and the id, best first, further columns, the field
    /// that must not be there.
    pub fn new(
        text: Vec<String>,
        id: Vec<String>,
        foreign: &[ForeignField],
        reason_field: String,
    ) -> Self {
        Self { text, id, reason_field, columns: foreign.len(), foreign: Tree::new(foreign) }
    }
}

/// What was found in a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Which of the wanted names it had.
    pub text_name: usize,
    /// The id, numbers as written.
    pub id: Option<Cow<'a, str>>,
    /// Which of the wanted names it had.
    pub id_name: Option<usize>,
    /// The further columns, in the order asked for.
    pub foreign: Vec<Cell<'a>>,
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
    let fail = |code, message| Err(Trouble::Failure(code, message));
    let line = match std::str::from_utf8(bytes) {
        Ok(line) => line,
        Err(error) => {
            let at = error.valid_up_to();
            return fail("invalid-utf8", format!("byte {at} of the record is not UTF-8"));
        }
    };
    if too_deep(bytes) {
        let message = format!("arrays and objects are nested more than {DEPTH_MAX} deep");
        return fail("nested-too-deep", message);
    }
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let visited = Fields { wanted }.deserialize(&mut deserializer);
    let found = match visited.and_then(|found| deserializer.end().map(|()| found)) {
        Ok(found) => found,
        Err(error) => return fail("broken-json", broken(line, &error)),
    };
    if found.reason_field {
        return Err(Trouble::ReasonField);
    }
    let Some((name, text)) = found.text else {
        let names = wanted.text.join("', '");
        let message = format!("there is no field '{names}'; name the text with --text-column");
        return fail("missing-text", message);
    };
    let field = &wanted.text[name];
    if found.text_twice & bit(name) != 0 {
        return fail("duplicate-field", format!("the field '{field}' stands twice"));
    }
    match text {
        Text::String(text) => Ok(Record {
            text,
            text_name: name,
            id_name: found.id.as_ref().map(|id| id.0),
            id: found.id.map(|id| id.1),
            foreign: found.foreign,
        }),
        Text::Null => fail("missing-text", format!("the field '{field}' is null")),
        Text::Other => fail("text-not-a-string", format!("the field '{field}' is not a string")),
    }
}

/// What is wrong with a line, in one sentence; a line is a stream of its own to the parser, so
/// only the column says where.
fn broken(line: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    let hint = if line.trim_start().starts_with('[') {
        "; one object a line is read, no array (jq -c '.[]' makes lines of an array)"
    } else if line.contains('\0') {
        "; the line holds NUL bytes"
    } else {
        ""
    };
    format!("the line is not a JSON object: column {}: {what}{hint}", error.column())
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

/// A field's name, borrowed unless it is written with escapes.
#[derive(Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The value of the text field.
enum Text<'a> {
    String(Cow<'a, str>),
    Null,
    Other,
}

struct Found<'a> {
    text: Option<(usize, Text<'a>)>,
    /// The names that were met, and that were met twice, as bits.
    text_seen: u64,
    text_twice: u64,
    id: Option<(usize, Cow<'a, str>)>,
    foreign: Vec<Cell<'a>>,
    reason_field: bool,
}

fn bit(name: usize) -> u64 {
    1 << name.min(63)
}

impl<'a> Found<'a> {
    fn take_text(&mut self, name: usize, value: Text<'a>) {
        self.text_twice |= self.text_seen & bit(name);
        self.text_seen |= bit(name);
        // what can never be text gives way to another name, else the better name wins
        let grade = |name: usize, text: &Text<'_>| (matches!(text, Text::Other), name);
        if self.text.as_ref().is_none_or(|(n, t)| grade(name, &value) <= grade(*n, t)) {
            self.text = Some((name, value));
        }
    }

    fn take_id(&mut self, name: usize, raw: &'a RawValue) {
        if self.id.as_ref().is_none_or(|(before, _)| name <= *before)
            && let Some(id) = id_text(raw)
        {
            self.id = Some((name, id));
        }
    }
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
            text_seen: 0,
            text_twice: 0,
            id: None,
            foreign: vec![Cell::Null; wanted.columns],
            reason_field: false,
        };
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            if !wanted.reason_field.is_empty() && key == wanted.reason_field {
                found.reason_field = true;
            }
            let text = wanted.text.iter().position(|name| *name == key);
            let id = wanted.id.iter().position(|name| *name == key);
            let foreign = wanted.foreign.child(&key);
            match (text, id, foreign) {
                (None, None, None) => {
                    map.next_value::<IgnoredAny>()?;
                }
                (Some(text), None, None) => {
                    let value = map.next_value_seed(TextSeed)?;
                    found.take_text(text, value);
                }
                (None, None, Some(tree)) => {
                    map.next_value_seed(tree.seed(&mut found.foreign))?;
                }
                // a value that serves several ends, or whose digits count, is read from its bytes
                (text, id, foreign) => {
                    let raw: &'de RawValue = map.next_value()?;
                    let again = || serde_json::Deserializer::from_str(raw.get());
                    if let Some(text) = text {
                        let value = TextSeed.deserialize(&mut again()).map_err(A::Error::custom)?;
                        found.take_text(text, value);
                    }
                    if let Some(id) = id {
                        found.take_id(id, raw);
                    }
                    if let Some(tree) = foreign {
                        let seed = tree.seed(&mut found.foreign);
                        seed.deserialize(&mut again()).map_err(A::Error::custom)?;
                    }
                }
            }
        }
        Ok(found)
    }
}

fn id_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'"' if !text.contains('\\') => text.get(1..text.len() - 1).map(Cow::Borrowed),
        b'"' => serde_json::from_str::<String>(text).ok().map(Cow::Owned),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(text)),
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

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
