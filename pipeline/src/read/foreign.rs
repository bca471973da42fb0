//! The columns that rules name by dotted paths, taken from a record in passing.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::read::json::Key;
use crate::read::{ForeignField, ForeignType};

/// One value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Absent or null.
    Null,
    /// Of another type than declared: null, and worth a warning.
    Mistyped,
    /// A string.
    String(Cow<'a, str>),
    /// An integer.
    Int(i64),
    /// A number.
    Double(f64),
    /// true or false.
    Bool(bool),
    /// An embedding.
    Vector(Vec<f32>),
}

/// The paths of all columns, by their steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// The columns that end here: number and type.
    ends: Vec<(usize, ForeignType)>,
    children: Vec<(String, Tree)>,
}

impl Tree {
    pub(super) fn new(fields: &[ForeignField]) -> Self {
        let mut root = Self::default();
        for (number, field) in fields.iter().enumerate() {
            let mut at = &mut root;
            for step in field.name.split('.') {
                at = at.grow(step);
            }
            at.ends.push((number, field.kind));
        }
        root
    }

    fn grow(&mut self, step: &str) -> &mut Self {
        let known = self.children.iter().position(|(name, _)| name == step);
        let number = known.unwrap_or_else(|| {
            self.children.push((step.to_owned(), Self::default()));
            self.children.len() - 1
        });
        &mut self.children[number].1
    }

    pub(super) fn child(&self, step: &str) -> Option<&Self> {
        self.children.iter().find(|(name, _)| name == step).map(|(_, child)| child)
    }

    /// Reads one value into the cells of the columns behind it.
    pub(super) fn seed<'t, 'c, 'a>(&'t self, cells: &'c mut [Cell<'a>]) -> Seed<'t, 'c, 'a> {
        Seed { tree: self, cells }
    }
}

pub(super) struct Seed<'t, 'c, 'a> {
    tree: &'t Tree,
    cells: &'c mut [Cell<'a>],
}

impl<'a> Seed<'_, '_, 'a> {
    /// The same value for every column that ends here, each as its type has it.
    fn fill(self, value: impl Fn(ForeignType) -> Option<Cell<'a>>) {
        for (number, kind) in &self.tree.ends {
            self.cells[*number] = value(*kind).unwrap_or(Cell::Mistyped);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.fill(|_| Some(Cell::Null));
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.fill(|kind| (kind == ForeignType::Bool).then_some(Cell::Bool(value)));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.fill(|kind| match kind {
            ForeignType::Int => Some(Cell::Int(value)),
            ForeignType::Double => Some(Cell::Double(value as f64)),
            _ => None,
        });
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.fill(|kind| match kind {
            ForeignType::Int => i64::try_from(value).ok().map(Cell::Int),
            ForeignType::Double => Some(Cell::Double(value as f64)),
            _ => None,
        });
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.fill(|kind| (kind == ForeignType::Double).then_some(Cell::Double(value)));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        let cell = || Cell::String(Cow::Borrowed(value));
        self.fill(|kind| (kind == ForeignType::String).then(cell));
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        let cell = || Cell::String(Cow::Owned(value.to_owned()));
        self.fill(|kind| (kind == ForeignType::String).then(cell));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.tree.ends.iter().all(|(_, kind)| *kind != ForeignType::Vector) {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            self.fill(|_| None);
            return Ok(());
        }
        let mut vector = Some(Vec::new());
        while let Some(Number(number)) = seq.next_element::<Number>()? {
            match (number, &mut vector) {
                #[expect(clippy::cast_possible_truncation, reason = "embeddings are f32")]
                (Some(number), Some(vector)) => vector.push(number as f32),
                _ => vector = None,
            }
        }
        let cell = || vector.clone().map(Cell::Vector);
        self.fill(|kind| if kind == ForeignType::Vector { cell() } else { None });
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (tree, cells) = (self.tree, self.cells);
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            match tree.child(&key) {
                Some(child) => map.next_value_seed(Seed { tree: child, cells: &mut *cells })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Seed { tree, cells }.fill(|_| None);
        Ok(())
    }
}

/// A number, or anything else, which spoils the vector but not the record.
struct Number(Option<f64>);

impl<'de> serde::Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number(Some(value as f64)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number(Some(value as f64)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        Ok(Number(Some(value)))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Number, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }
}
