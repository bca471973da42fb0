//! What an extractor dropped: the tables, figures, code blocks and lists of a raw document, and how
//! much of each stands in the text that was made of it.
//!
//! Each object is known by probes, its cells, lines or items of 4 to 40 characters, at most 30; the
//! share of probes that the text holds says whether the object was kept (0.8 or more), is there in
//! part, or was lost (below 0.2).

use html5gum::{Token, Tokenizer};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use tamis_kernels::hash64;

/// How a raw document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw {
    /// HTML.
    Html,
    /// Markdown with tables.
    Markdown,
    /// LaTeX.
    Latex,
}

impl Raw {
    /// What an extension says.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            "tex" | "latex" => Some(Self::Latex),
            _ => None,
        }
    }
}

/// What kind of object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A table.
    Table,
    /// An image.
    Figure,
    /// A block of code.
    Code,
    /// A list.
    List,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Hardly anything of it is there.
    Lost,
    /// Some of it.
    Partial,
    /// Most of it.
    Kept,
}

/// An object of a raw document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Object {
    /// Its kind.
    pub part: Part,
    /// Its first words.
    pub begins: String,
    /// Share of its probes that the text holds.
    pub recall: f64,
    /// What that makes it.
    pub fate: Fate,
}

/// Probes of one object at most.
const PROBES: usize = 30;

/// An object in the making: pieces of its text.
#[derive(Debug, Default)]
struct Pieces(Vec<String>);

impl Pieces {
    fn open(&mut self) {
        self.0.push(String::new());
    }

    fn add(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(last) => last.push_str(text),
            None => self.0.push(text.to_owned()),
        }
    }
}

/// The same text with every run of white space as one space.
fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn judged(part: Part, pieces: &Pieces, text: &str) -> Option<Object> {
    let mut probes: Vec<String> = pieces
        .0
        .iter()
        .map(|piece| collapsed(piece))
        .filter(|piece| piece.chars().count() >= 4)
        .map(|piece| piece.chars().take(40).collect::<String>().trim_end().to_owned())
        .collect();
    let begins = probes.first()?.clone();
    // the same probes each time, from all over the object
    probes.sort_unstable_by_key(|probe| hash64(probe.as_bytes()));
    probes.dedup();
    probes.truncate(PROBES);
    let there = probes.iter().filter(|probe| text.contains(probe.as_str())).count();
    let recall = there as f64 / probes.len() as f64;
    let fate = match recall {
        recall if recall < 0.2 => Fate::Lost,
        recall if recall < 0.8 => Fate::Partial,
        _ => Fate::Kept,
    };
    Some(Object { part, begins, recall, fate })
}

/// The objects of `raw`, and what of them stands in `extracted`.
pub fn compare(raw: &str, format: Raw, extracted: &str) -> Vec<Object> {
    let text = collapsed(extracted);
    let mut found: Vec<(Part, Pieces)> = Vec::new();
    match format {
        Raw::Html => html(raw, &mut found),
        Raw::Markdown => markdown(raw, &mut found),
        Raw::Latex => latex(raw, &mut found),
    }
    found.iter().filter_map(|(part, pieces)| judged(*part, pieces, &text)).collect()
}

fn name_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

/// An image is known by its alternative text and by the name of its file.
fn image(alt: &str, source: &str) -> Pieces {
    let file = source.rsplit('/').next().unwrap_or_default().split(['?', '#']).next();
    // one of the two is enough
    let known = if alt.trim().chars().count() >= 4 { alt } else { file.unwrap_or_default() };
    Pieces(vec![known.to_owned()])
}

fn html(raw: &str, found: &mut Vec<(Part, Pieces)>) {
    // open objects with the name of their tag; text goes to all of them
    let mut open: Vec<(String, Part, Pieces)> = Vec::new();
    for token in Tokenizer::new(raw) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = name_of(&tag.name);
                let part = match name.as_str() {
                    "table" => Some(Part::Table),
                    "pre" => Some(Part::Code),
                    "ul" | "ol" => Some(Part::List),
                    _ => None,
                };
                if let Some(part) = part {
                    open.push((name, part, Pieces::default()));
                } else if name == "img" {
                    let value = |wanted: &str| {
                        let mut all = tag.attributes.iter();
                        let hit = all.find(|(key, _)| name_of(&key.0) == wanted);
                        hit.map(|(_, value)| String::from_utf8_lossy(&value.0).into_owned())
                    };
                    let [alt, source] = ["alt", "src"].map(|key| value(key).unwrap_or_default());
                    found.push((Part::Figure, image(&alt, &source)));
                } else if let Some((_, part, pieces)) = open.last_mut() {
                    let opens = match part {
                        Part::Table => name == "td" || name == "th",
                        Part::List => name == "li",
                        Part::Code | Part::Figure => false,
                    };
                    if opens {
                        pieces.open();
                    }
                }
            }
            Token::EndTag(tag) => {
                let name = name_of(&tag.name);
                if let Some(at) = open.iter().rposition(|(known, ..)| *known == name) {
                    let (_, part, pieces) = open.remove(at);
                    found.push((part, lines_of(part, pieces)));
                }
            }
            Token::String(text) => {
                let text = String::from_utf8_lossy(&text);
                if let Some((.., pieces)) = open.last_mut() {
                    pieces.add(&text);
                }
            }
            _ => {}
        }
    }
}

/// Code is compared line by line.
fn lines_of(part: Part, pieces: Pieces) -> Pieces {
    if part != Part::Code {
        return pieces;
    }
    Pieces(pieces.0.iter().flat_map(|piece| piece.lines().map(str::to_owned)).collect())
}

fn markdown(raw: &str, found: &mut Vec<(Part, Pieces)>) {
    let mut open: Vec<(Part, Pieces)> = Vec::new();
    let mut alt: Option<(String, String)> = None;
    for event in Parser::new_ext(raw, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Table(_)) => open.push((Part::Table, Pieces::default())),
            Event::Start(Tag::List(_)) => open.push((Part::List, Pieces::default())),
            Event::Start(Tag::CodeBlock(_)) => open.push((Part::Code, Pieces::default())),
            Event::Start(Tag::Image { dest_url, .. }) => {
                alt = Some((String::new(), dest_url.into_string()));
            }
            Event::Start(Tag::TableCell | Tag::Item) => {
                if let Some((_, pieces)) = open.last_mut() {
                    pieces.open();
                }
            }
            Event::End(TagEnd::Table | TagEnd::List(_) | TagEnd::CodeBlock) => {
                let closed = open.pop();
                found.extend(closed.map(|(part, pieces)| (part, lines_of(part, pieces))));
            }
            Event::End(TagEnd::Image) => {
                let closed = alt.take();
                found.extend(closed.map(|(alt, source)| (Part::Figure, image(&alt, &source))));
            }
            Event::Text(text) | Event::Code(text) => match (&mut alt, open.last_mut()) {
                (Some((alt, _)), _) => alt.push_str(&text),
                (None, Some((_, pieces))) => pieces.add(&text),
                (None, None) => {}
            },
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, pieces)) = open.last_mut() {
                    pieces.add(" ");
                }
            }
            _ => {}
        }
    }
}

fn latex(raw: &str, found: &mut Vec<(Part, Pieces)>) {
    let environments = [
        (Part::Table, &["tabular", "longtable", "array", "tabularx"][..]),
        (Part::Code, &["lstlisting", "verbatim", "minted", "codeblock"][..]),
        (Part::List, &["itemize", "enumerate", "description"][..]),
    ];
    for (part, names) in environments {
        for name in names {
            let (begin, end) = (format!("\\begin{{{name}}}"), format!("\\end{{{name}}}"));
            let mut rest = raw;
            while let Some(at) = rest.find(&begin) {
                let body = rest.get(at + begin.len()..).unwrap_or_default();
                let Some(length) = body.find(&end) else { break };
                let inside = body.get(..length).unwrap_or_default();
                let pieces: Vec<String> = match part {
                    Part::Table => inside.split(['&', '\\']).map(plain_latex).collect(),
                    Part::List => inside.split("\\item").map(plain_latex).collect(),
                    _ => inside.lines().map(str::to_owned).collect(),
                };
                found.push((part, Pieces(pieces)));
                rest = body.get(length..).unwrap_or_default();
            }
        }
    }
    for (_, picture) in raw.match_indices("\\includegraphics").filter_map(|(at, _)| {
        let rest = raw.get(at..)?;
        let open = rest.find('{')?;
        Some((at, rest.get(open + 1..open + rest.get(open..)?.find('}')?)?))
    }) {
        found.push((Part::Figure, image("", picture)));
    }
}

/// A piece of LaTeX without what is clearly markup; a piece with more of it is no good probe.
fn plain_latex(piece: &str) -> String {
    let piece = piece.trim().trim_matches(['{', '}', '~']).trim();
    if piece.contains(['\\', '{', '}', '$', '[']) { String::new() } else { piece.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(raw: &str, format: Raw, text: &str) -> Vec<(Part, Fate)> {
        compare(raw, format, text).into_iter().map(|one| (one.part, one.fate)).collect()
    }

    const HTML: &str = "<p>Sales</p><table><tr><th>region</th><th>amount</th></tr>\
        <tr><td>northern</td><td>1,234</td></tr><tr><td>southern</td><td>5,678</td></tr></table>\
        <ul><li>first of all</li><li>second of all</li></ul><pre>let x = 1;\nlet yy = 2;</pre>\
        <img src='a/plot.png' alt='Sales by region'>";

    #[test]
    fn what_was_dropped_is_lost() {
        let all = "Sales region amount northern 1,234 southern 5,678 first of all second of all \
                   let x = 1; let yy = 2; Sales by region";
        assert!(fates(HTML, Raw::Html, all).iter().all(|(_, fate)| *fate == Fate::Kept));
        assert_eq!(
            fates(HTML, Raw::Html, "Sales region amount northern"),
            [
                (Part::Table, Fate::Partial),
                (Part::List, Fate::Lost),
                (Part::Code, Fate::Lost),
                (Part::Figure, Fate::Lost)
            ]
        );
    }

    #[test]
    fn markdown_and_latex_have_the_same_objects() {
        let markdown = "| region | amount |\n|---|---|\n| northern | 1,234 |\n\n- first of all\n- \
                        second\n\n```\nlet x = 1;\n```\n\n![Sales by region](plot.png)\n";
        let parts: Vec<Part> =
            fates(markdown, Raw::Markdown, "").into_iter().map(|(part, _)| part).collect();
        assert_eq!(parts, [Part::Table, Part::List, Part::Code, Part::Figure]);
        let latex = "\\begin{tabular}{ll}\nregion & amount \\\\\nnorthern & 1,234 \\\\\n\
                     \\end{tabular}\n\\includegraphics[width=2cm]{figures/plot.png}";
        assert_eq!(
            fates(latex, Raw::Latex, "region amount northern 1,234"),
            [(Part::Table, Fate::Kept), (Part::Figure, Fate::Lost)]
        );
    }

    #[test]
    fn broken_markup_is_no_trouble() {
        for raw in ["<table><tr><td>", "</table></ul>", "<img", "\\begin{tabular}", "|||\n|--"] {
            for format in [Raw::Html, Raw::Markdown, Raw::Latex] {
                let _ = compare(raw, format, "text");
            }
        }
        assert!(compare("<table></table>", Raw::Html, "").is_empty());
    }
}
