//! The words of the detector: kinds, forms, evidence, verdicts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Makes an enum whose values have one lower-case name each.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$inner])* $value,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The name, as it stands in annotations and rule files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// What a mention points at.
    Kind {
        /// A table.
        Table = "table",
        /// A figure, image, diagram, video.
        Figure = "figure",
        /// A displayed formula.
        Equation = "equation",
        /// An algorithm, or a theorem and what is numbered like one.
        Algorithm = "algorithm",
        /// Code, or a numbered example.
        Listing = "listing",
        /// A section, chapter or part.
        Section = "section",
        /// An appendix or annex.
        Appendix = "appendix",
        /// A footnote.
        Footnote = "footnote",
        /// A numeric citation, `[12]`.
        Citation = "citation",
        /// An author-year citation, `(Smith et al., 2010)`.
        AuthorYear = "author_year",
        /// A link into the same document, or a link label.
        Anchor = "anchor",
        /// An attached file.
        Attachment = "attachment",
        /// A list that a colon promises.
        List = "list",
        /// What a tool left where it could not resolve a reference.
        Residue = "residue",
    }
}

named! {
    /// How a mention names its target.
    Form {
        /// By number or label: "Table 3".
        Numbered = "numbered",
        /// By place: "the table below".
        Deictic = "deictic",
        /// By announcing it: "the following steps:".
        Promise = "promise",
        /// By a broken mark: "Table ??".
        Residue = "residue",
    }
}

named! {
    /// How surely a mention is one, weakest first.
    Strength {
        /// A colon promises it.
        M0 = "m0",
        /// A place and a noun.
        M1 = "m1",
        /// A bare number: "Table 3".
        M2 = "m2",
        /// A cue and a number: "as shown in Table 3".
        M3 = "m3",
    }
}

named! {
    /// Where a deictic mention says its target is.
    Direction {
        /// Not said.
        Anywhere = "anywhere",
        /// Before the mention.
        Above = "above",
        /// After the mention.
        Below = "below",
    }
}

named! {
    /// What stands for a target, weakest first.
    Evidence {
        /// What a converter writes where the object was: `<!-- image -->`.
        Placeholder = "placeholder",
        /// A caption or title with no object near it.
        Caption = "caption",
        /// Rest of the object: a flattened table, one lone row.
        Partial = "partial",
        /// A name that links can point at, such as a heading or an id.
        Label = "label",
        /// The object itself.
        Body = "body",
    }
}

named! {
    /// What a finding says.
    Verdict {
        /// Neither object nor caption.
        Missing = "missing",
        /// A caption or placeholder without the object.
        Hollow = "hollow",
        /// Only a rest of the object.
        Partial = "partial",
        /// Another document's object: no defect.
        External = "external",
        /// The text ends before the object can come.
        Truncated = "truncated",
    }
}

impl Verdict {
    /// Whether the text lost something; another document's object is no loss.
    pub fn is_defect(self) -> bool {
        self != Self::External
    }
}

/// A byte range of the text.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// A span from `start` up to, not including, `end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The text in the span; nothing where the span does not fit the text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether `at` lies inside, in bytes.
    pub fn contains(self, at: usize) -> bool {
        self.start <= at && at < self.end
    }
}
