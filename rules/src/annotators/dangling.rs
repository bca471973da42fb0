//! `dangling_*`, `mentioned_*`, `present_*`: what a text points at, and whether it is there.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use crate::references::{Evidence, Finding, Found, Kind};

/// A measure of references.
const fn of(
    name: &'static str,
    definition: &'static str,
    examples: &'static [Example],
    measure: fn(&mut Document<'_>) -> Value,
    evidence: fn(&mut Document<'_>) -> Vec<(usize, usize)>,
) -> Measure {
    Measure {
        name,
        value_type: ValueType::Int,
        unit: "references",
        range: (0.0, f64::INFINITY),
        definition,
        source: "our own; docs/references.md has forms, verdicts and measured precision",
        examples,
        measure,
        evidence,
    }
}

/// Whether the annotation called `name` tells of references.
pub(crate) fn is_of_references(name: &str) -> bool {
    let families =
        ["dangling_", "mentioned_", "present_", "broken_references", crate::findings::FINDINGS];
    families.iter().any(|family| name.starts_with(family))
}

/// A finding that says the text lost something.
fn is_lost(finding: &Finding) -> bool {
    finding.verdict.is_defect()
}

/// What a text points at, has and lacks, by kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    mentioned: [u32; Kind::ALL.len()],
    present: [u32; Kind::ALL.len()],
    /// Different things: two mentions of one table are one.
    lost: [u32; Kind::ALL.len()],
}

impl Tally {
    /// Counts each mention, target and finding once for all annotators.
    pub(crate) fn of(found: &Found) -> Self {
        let none = [0; Kind::ALL.len()];
        let mut tally = Self { mentioned: none, present: none, lost: none };
        let add = |counts: &mut [u32], kind: Kind| {
            if let Some(count) = counts.get_mut(kind as usize) {
                *count += 1;
            }
        };
        for mention in &found.scan.mentions {
            add(&mut tally.mentioned, mention.kind);
        }
        for target in found.scan.targets.iter().filter(|one| one.evidence == Evidence::Body) {
            add(&mut tally.present, target.kind);
        }
        let mut named = Vec::new();
        for finding in found.findings.iter().filter(|one| is_lost(one)) {
            if finding.key.is_empty() {
                add(&mut tally.lost, finding.kind);
            } else {
                named.push((finding.kind, finding.key));
            }
        }
        // a page may lack hundreds of sources
        named.sort_unstable();
        named.dedup();
        for (kind, _) in named {
            add(&mut tally.lost, kind);
        }
        tally
    }
}

fn count(counts: &[u32; Kind::ALL.len()], kinds: &[Kind]) -> Value {
    Value::Int(kinds.iter().map(|kind| i64::from(counts[*kind as usize])).sum())
}

fn places(found: &Found, of: impl Fn(&Finding) -> bool) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    for finding in found.findings.iter().filter(|one| is_lost(one) && of(one)) {
        spans.push(finding.span.start, finding.span.end);
    }
    spans.into_vec()
}

/// A constant for what is lost of one kind.
macro_rules! lost_of {
    ($($constant:ident, $name:literal, $kind:ident, $what:literal, [$($example:expr),+];)+) => {
        $(
            #[doc = concat!("The annotator `", $name, "`.")]
            pub(super) const $constant: Measure = of(
                $name,
                concat!("How many ", $what, " the text points at that are not there, or are there \
                        only as a caption, a placeholder or a rest. Several mentions of one count \
                        once; another document's do not count."),
                &[$($example),+],
                |document| count(&document.tally().lost, &[Kind::$kind]),
                |document| places(document.references(), |one| one.kind == Kind::$kind),
            );
        )+
    };
}

lost_of! {
    DANGLING_TABLES, "dangling_tables", Table, "tables",
        [Example::int("Sales rose in every region, as shown in Table 2, and fell after that.", 1),
         Example::int("Nobody set the table for four.", 0)];
    DANGLING_FIGURES, "dangling_figures", Figure, "figures",
        [Example::int("The valve opens as shown in Figure 3. Figure 3 also shows the spring.", 1),
         Example::int("It is hard to figure out.", 0)];
    DANGLING_EQUATIONS, "dangling_equations", Equation, "equations",
        [Example::int("The speed follows from Equation (4), as was seen above.", 1),
         Example::int("An equation has two sides.", 0)];
    DANGLING_ALGORITHMS, "dangling_algorithms", Algorithm, "algorithms, theorems and the like",
        [Example::int("By Theorem 3.1, the sequence converges. Theorem 3.1 also gives the rate.", 1),
         Example::int("Nothing points anywhere.", 0)];
    DANGLING_LISTINGS, "dangling_listings", Listing, "listings and numbered examples",
        [Example::int("The function in Listing 5 reads the file line by line.", 1),
         Example::int("The listing of files is long.", 0)];
    DANGLING_SECTIONS, "dangling_sections", Section, "sections and chapters",
        [Example::int("The protocol is described in Section 4.2, and the errors in Section 7.", 1),
         Example::int("Nothing points anywhere.", 0)];
    DANGLING_APPENDICES, "dangling_appendices", Appendix, "appendices",
        [Example::int("Nothing points anywhere.", 0), Example::int("", 0)];
    DANGLING_FOOTNOTES, "dangling_footnotes", Footnote, "footnotes",
        [Example::int("The treaty was signed in 1648.[^3] It ended the war.", 1),
         Example::int("Nothing points anywhere.", 0)];
    DANGLING_ANCHORS, "dangling_anchors", Anchor, "link targets in the same document",
        [Example::int("See [the options](#options) for the full list.\n\n# Usage\n\nRun it.", 1),
         Example::int("Nothing points anywhere.", 0)];
    DANGLING_ATTACHMENTS, "dangling_attachments", Attachment, "attachments",
        [Example::int("Nothing points anywhere.", 0), Example::int("", 0)];
    DANGLING_LISTS, "dangling_lists", List, "lists promised by a colon",
        [Example::int("The module offers the following functions:\n\n## See also\n\nOther pages.", 1),
         Example::int("Nothing points anywhere.", 0)];
    BROKEN_REFERENCES, "broken_references", Residue, "marks that a tool left for a reference",
        [Example::int("Error! Reference source not found.", 1), Example::int("What??", 0)];
}

/// The annotator `dangling_citations`.
pub(super) const DANGLING_CITATIONS: Measure = of(
    "dangling_citations",
    "How many entries of a list of references the text cites, by number or by author and year, \
     that are not there. Several citations of one count once.",
    &[Example::int("Nothing points anywhere.", 0), Example::int("", 0)],
    |document| count(&document.tally().lost, &[Kind::Citation, Kind::AuthorYear]),
    |document| places(document.references(), is_citation),
);

fn is_citation(finding: &Finding) -> bool {
    matches!(finding.kind, Kind::Citation | Kind::AuthorYear)
}

/// The annotator `dangling_references`.
pub(super) const DANGLING_REFERENCES: Measure = of(
    "dangling_references",
    "How many things of any kind the text points at that are not there: the sum of the other \
     `dangling_` annotations and `broken_references`.",
    &[
        Example::int("See Table 2 and Figure 3 for the numbers, and Table 2 for the rest.", 2),
        Example::int("Nothing points anywhere.", 0),
    ],
    |document| count(&document.tally().lost, Kind::ALL),
    |document| places(document.references(), |_| true),
);

/// Constants for what is mentioned and what is there of one kind.
macro_rules! counted {
    ($($mentioned:ident, $mentioned_name:literal, $present:ident, $present_name:literal, $kind:ident, $what:literal;)+) => {
        $(
            #[doc = concat!("The annotator `", $mentioned_name, "`.")]
            pub(super) const $mentioned: Measure = of(
                $mentioned_name,
                concat!("How often the text points at ", $what, ", whether they are there or not."),
                &[Example::int("Nothing points anywhere.", 0), Example::int("", 0)],
                |document| count(&document.tally().mentioned, &[Kind::$kind]),
                super::measure::no_evidence,
            );

            #[doc = concat!("The annotator `", $present_name, "`.")]
            pub(super) const $present: Measure = of(
                $present_name,
                concat!("How many ", $what, " the text holds, 0 where it points at nothing at all: \
                        they are looked for only where there are mentions."),
                &[Example::int("Nothing points anywhere.", 0), Example::int("", 0)],
                |document| count(&document.tally().present, &[Kind::$kind]),
                super::measure::no_evidence,
            );
        )+
    };
}

counted! {
    MENTIONED_TABLES, "mentioned_tables", PRESENT_TABLES, "present_tables", Table, "tables";
    MENTIONED_FIGURES, "mentioned_figures", PRESENT_FIGURES, "present_figures", Figure, "figures";
    MENTIONED_EQUATIONS, "mentioned_equations", PRESENT_EQUATIONS, "present_equations", Equation, "equations";
    MENTIONED_LISTINGS, "mentioned_listings", PRESENT_LISTINGS, "present_listings", Listing, "listings";
    MENTIONED_CITATIONS, "mentioned_citations", PRESENT_CITATIONS, "present_citations", Citation, "numbered entries of a list of references";
    MENTIONED_FOOTNOTES, "mentioned_footnotes", PRESENT_FOOTNOTES, "present_footnotes", Footnote, "footnotes";
}

/// The annotator `findings`, whose values are lists.
pub(super) const FINDINGS: Measure = Measure {
    name: "findings",
    value_type: ValueType::Findings,
    unit: "findings",
    range: (0.0, f64::INFINITY),
    definition: "Every reference that points at nothing, with kind, form, key, verdict, \
                 confidence, the bytes of the mention and what was looked for; a list of structs. \
                 Conditions ask it by `dangling(kind, verdict, confidence)`, which counts the \
                 findings of a kind (`any` for all) and verdict with at least that confidence: \
                 `dangling(table, missing, 0.8) > 0`.",
    source: "our own; docs/references.md has forms, verdicts and measured precision",
    examples: &[Example::null("Nothing points anywhere."), Example::null("")],
    measure: |_| Value::Null,
    evidence: |document| places(document.references(), |_| true),
};

/// The annotators that describe references: where a rule asks for one, all are measured, so that
/// the report can say what a source lost.
pub(crate) const FAMILY: &[&str] = &[
    "findings",
    "dangling_references",
    "dangling_tables",
    "dangling_figures",
    "dangling_equations",
    "dangling_listings",
    "dangling_citations",
    "dangling_footnotes",
    "mentioned_tables",
    "present_tables",
    "mentioned_figures",
    "present_figures",
    "mentioned_equations",
    "present_equations",
    "mentioned_listings",
    "present_listings",
    "mentioned_citations",
    "present_citations",
    "mentioned_footnotes",
    "present_footnotes",
];
