//! Which key means which command: the defaults, and a user's file over them.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::command::{COMMANDS, Command, Scope, Spec};
use crate::InspectError;

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A keymap file: keys by the name of what they do. Names that it leaves out keep their keys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeymapFile {
    /// Keys of each action: `a`, `ctrl-z`, `space`, `f1`, or a sequence as `g g`. An empty list
    /// takes the action's keys away.
    #[serde(default)]
    pub keys: BTreeMap<String, Vec<String>>,
}

/// What a key means after those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A command.
    Command(Command),
    /// The start of a longer sequence.
    Prefix,
    /// Nothing.
    Nothing,
}

/// Bindings in force.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<(Vec<Key>, &'static Spec)>,
}

impl Keymap {
    /// The defaults, under the lines of a keymap file.
    pub fn new(file: &KeymapFile) -> Result<Self, InspectError> {
        for id in file.keys.keys() {
            if !COMMANDS.iter().any(|spec| spec.id == id) {
                return Err(usage(format!("unknown action `{id}`{}", nearest(id))));
            }
        }
        let mut bindings = Vec::new();
        for spec in COMMANDS {
            let given = file.keys.get(spec.id);
            let keys: Vec<&str> = match given {
                Some(keys) => keys.iter().map(String::as_str).collect(),
                None => spec.keys.to_vec(),
            };
            for text in keys {
                let sequence = sequence(text).ok_or_else(|| {
                    usage(format!("`{text}` of {} is no key; as `a`, `ctrl-z`, `g g`", spec.id))
                })?;
                bindings.push((sequence, spec));
            }
        }
        let keymap = Self { bindings };
        keymap.check()?;
        Ok(keymap)
    }

    /// Reads a keymap file.
    pub fn read(path: &Path) -> Result<Self, InspectError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| InspectError::file(path, error))?;
        let file = Self::parse(&text).map_err(|error| InspectError::file(path, error))?;
        Self::new(&file).map_err(|error| InspectError::file(path, error))
    }

    /// Reads the text of a keymap file.
    pub fn parse(text: &str) -> Result<KeymapFile, InspectError> {
        if text.trim().is_empty() {
            return Ok(KeymapFile::default());
        }
        serde_saphyr::from_str(text).map_err(|error| usage(error.to_string()))
    }

    /// No key may mean two things, nor begin a sequence and be whole at once.
    fn check(&self) -> Result<(), InspectError> {
        for (at, (one, first)) in self.bindings.iter().enumerate() {
            for (other, second) in &self.bindings[at + 1..] {
                let starts = one.starts_with(other) || other.starts_with(one);
                if starts && first.scope.meets(second.scope) {
                    return Err(usage(format!(
                        "`{}` of {} and `{}` of {} cannot be told apart; give one of them another key",
                        name(one),
                        first.id,
                        name(other),
                        second.id
                    )));
                }
            }
        }
        Ok(())
    }

    /// What the keys typed so far mean.
    pub fn meaning(&self, scope: Scope, typed: &[Key]) -> Meaning {
        let mut prefix = false;
        for (keys, spec) in self.bindings.iter().filter(|(_, spec)| spec.scope.meets(scope)) {
            if keys == typed {
                return Meaning::Command(spec.command);
            }
            prefix |= keys.starts_with(typed);
        }
        if prefix { Meaning::Prefix } else { Meaning::Nothing }
    }

    /// What could come after the keys typed so far: key and entry.
    pub fn continuations(&self, scope: Scope, typed: &[Key]) -> Vec<(String, &'static Spec)> {
        self.bindings
            .iter()
            .filter(|(keys, spec)| spec.scope.meets(scope) && keys.len() > typed.len())
            .filter(|(keys, _)| keys.starts_with(typed))
            .map(|(keys, spec)| (name(&keys[typed.len()..]), *spec))
            .collect()
    }

    /// Keys of a command, as they are written.
    pub fn keys_of(&self, id: &str) -> Vec<String> {
        self.bindings.iter().filter(|(_, spec)| spec.id == id).map(|(keys, _)| name(keys)).collect()
    }

    /// The first key of a command, for the footer.
    pub fn key_of(&self, command: Command) -> Option<String> {
        self.bindings.iter().find(|(_, spec)| spec.command == command).map(|(keys, _)| name(keys))
    }
}

impl Default for Keymap {
    fn default() -> Self {
        // the defaults are tested to be free of conflicts
        Self::new(&KeymapFile::default()).unwrap_or(Self { bindings: Vec::new() })
    }
}

impl Key {
    /// The key of an event: a capital letter is itself and not shift with a small one.
    pub fn of(event: &KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match event.code {
            // some terminals send ctrl-h for backspace
            KeyCode::Char('h') if modifiers == KeyModifiers::CONTROL => {
                modifiers = KeyModifiers::NONE;
                KeyCode::Backspace
            }
            code => code,
        };
        Self { code, modifiers }
    }

    /// Reads `ctrl-z`, `space`, `a`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-") {
                modifiers |= KeyModifiers::CONTROL;
                rest = after;
            } else if let Some(after) = rest.strip_prefix("alt-") {
                modifiers |= KeyModifiers::ALT;
                rest = after;
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => named(rest)?,
        };
        Some(Self { code, modifiers })
    }
}

const NAMES: &[(&str, KeyCode)] = &[
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
];

fn named(text: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Some(*code);
    }
    let number: u8 = text.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

fn sequence(text: &str) -> Option<Vec<Key>> {
    let keys: Option<Vec<Key>> = text.split_whitespace().map(Key::parse).collect();
    keys.filter(|keys| !keys.is_empty())
}

/// Keys as they are written in the help.
pub fn name(keys: &[Key]) -> String {
    keys.iter().map(key_name).collect::<Vec<_>>().join(" ")
}

fn key_name(key: &Key) -> String {
    let mut text = String::new();
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        text.push_str("ctrl-");
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        text.push_str("alt-");
    }
    match (key.code, NAMES.iter().find(|(_, code)| *code == key.code)) {
        (_, Some((name, _))) => text.push_str(name),
        (KeyCode::Char(c), None) => text.push(c),
        (KeyCode::F(number), None) => text.push_str(&format!("f{number}")),
        _ => text.push('?'),
    }
    text
}

fn nearest(id: &str) -> String {
    let known = COMMANDS.iter().map(|spec| spec.id);
    let best = known
        .map(|known| (similar::TextDiff::from_chars(id, known).ratio(), known))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((ratio, known)) if ratio > 0.6 => format!("; did you mean `{known}`?"),
        _ => "; `tamis inspect --keymap-schema` lists them".to_owned(),
    }
}

fn usage(text: String) -> InspectError {
    InspectError::Usage(text)
}

/// The JSON schema of keymap files, with every action, its help and its default keys.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(KeymapFile).to_value();
    let properties: serde_json::Map<String, Value> = COMMANDS
        .iter()
        .map(|spec| {
            let entry = json!({
                "description": spec.help,
                "default": spec.keys,
                "type": "array",
                "items": { "type": "string" },
            });
            (spec.id.to_owned(), entry)
        })
        .collect();
    if let Some(keys) = schema.pointer_mut("/properties/keys").and_then(Value::as_object_mut) {
        keys.insert("properties".to_owned(), Value::Object(properties));
        keys.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(yaml: &str) -> String {
        match Keymap::parse(yaml).and_then(|file| Keymap::new(&file)) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_defaults_do_not_conflict() {
        assert_eq!(
            Keymap::new(&KeymapFile::default()).map(|map| map.bindings.len() > 60).ok(),
            Some(true)
        );
    }

    #[test]
    fn a_file_replaces_keys_and_is_checked() {
        let file = Keymap::parse("keys:\n  review.ok: [p]\n").unwrap();
        let map = Keymap::new(&file).unwrap();
        assert_eq!(
            map.meaning(Scope::Review, &[Key::parse("p").unwrap()]),
            Meaning::Command(Command::Ok)
        );
        assert_eq!(map.meaning(Scope::Review, &[Key::parse("a").unwrap()]), Meaning::Nothing);
        assert!(
            error("keys:\n  review.ok: [x]\n")
                .contains("`x` of review.ok and `x` of review.defect")
        );
        assert!(error("keys:\n  review.ok: [g]\n").contains("cannot be told apart"));
        assert!(error("keys:\n  review.okay: [p]\n").contains("did you mean `review.ok`?"));
        assert!(error("keys:\n  review.ok: [hyper-p]\n").contains("is no key"));
        assert!(error("kezs: {}\n").contains("kezs"));
    }

    #[test]
    fn sequences_wait_for_their_end() {
        let map = Keymap::default();
        let g = Key::parse("g").unwrap();
        assert_eq!(map.meaning(Scope::Review, &[g]), Meaning::Prefix);
        assert_eq!(map.meaning(Scope::Review, &[g, g]), Meaning::Command(Command::Top));
        assert!(map.continuations(Scope::Review, &[g]).len() > 3);
    }

    #[test]
    fn every_name_is_read_back() {
        for spec in COMMANDS {
            for text in spec.keys {
                assert_eq!(name(&sequence(text).unwrap()), *text);
            }
        }
        let schema = schema();
        assert_eq!(
            schema.pointer("/properties/keys/properties/review.ok/default/0"),
            Some(&json!("a"))
        );
    }
}
