//! `tamis rules diff`: on which documents two rule sets disagree, and why.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use owo_colors::{OwoColorize, Stream};
use serde_json::{Value, json};
use tamis_inspector::draft::columns_of;
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;
use tamis_pipeline::look;
use tamis_pipeline::read;
use tamis_pipeline::read::{Columns, ForeignField, ForeignType, ReadOptions};
use tamis_rules::RuleSet;
use tamis_rules::difference::{Disagreement, Judge, Reason, Side, disagreement};

/// What is compared.
pub(super) struct Diff<'a> {
    pub(super) names: [&'a str; 2],
    pub(super) judges: [Judge; 2],
    /// Documents to print, 0 for all.
    pub(super) most: usize,
    pub(super) json: bool,
}

/// How often what came out.
#[derive(Default)]
struct Counts {
    documents: u64,
    kept: u64,
    dropped: u64,
    disagreements: BTreeMap<Disagreement, u64>,
    /// First reasons where only one set removes, by the set and the rule.
    reasons: [BTreeMap<String, u64>; 2],
    printed: usize,
}

impl Diff<'_> {
    /// Compares on every document of `inputs`; gives 1 where the sets disagree on any.
    pub(super) fn run(
        &self,
        out: &mut impl Write,
        inputs: &[String],
        text_column: Option<String>,
    ) -> anyhow::Result<ExitCode> {
        let options = ReadOptions {
            columns: Columns { text: text_column, id: None },
            foreign: self.foreign(),
            reason_field: String::new(),
            with_raw: false,
            batch_bytes: 4 << 20,
            batch_rows: 1024,
            record_bytes_max: 128 << 20,
            limit: None,
        };
        let mut counts = Counts::default();
        for shard in look::shards(inputs)? {
            let mut reader = read::open(&shard, &options).map_err(PipelineError::from)?;
            while let Some(chunk) = reader.next_chunk().map_err(PipelineError::from)? {
                for (at, document) in look::documents(&shard, &chunk)?.iter().enumerate() {
                    let columns = self.columns(&chunk, at)?;
                    let sides = self.sides(document.text, &columns)?;
                    let found = counts.count(&sides);
                    let Some(found) = found else { continue };
                    if self.most == 0 || counts.printed < self.most {
                        counts.printed += 1;
                        let id = document.id.unwrap_or(&document.document_id);
                        self.print(out, (id, &shard.name, document.row), found, &sides)?;
                    }
                }
            }
        }
        self.summary(out, &counts)?;
        Ok(ExitCode::from(u8::from(!counts.disagreements.is_empty())))
    }

    fn foreign(&self) -> Vec<ForeignField> {
        let mut fields: Vec<ForeignField> = Vec::new();
        for column in self.judges.iter().flat_map(|judge| judge.set().columns()) {
            if let Some(kind) = ForeignType::of(&column.data_type)
                && !fields.iter().any(|field| field.name == column.name)
            {
                fields.push(ForeignField { name: column.name.clone(), kind });
            }
        }
        fields
    }

    /// The declared columns of both sets.
    fn columns(&self, chunk: &read::Chunk, at: usize) -> anyhow::Result<BTreeMap<String, Value>> {
        let declared = |set: &RuleSet| !set.columns().is_empty();
        if !self.judges.iter().any(|judge| declared(judge.set())) {
            return Ok(BTreeMap::new());
        }
        let record = look::object(&chunk.batch, at)?;
        let mut columns = columns_of(self.judges[0].set(), &record);
        columns.extend(columns_of(self.judges[1].set(), &record));
        Ok(columns)
    }

    fn sides(&self, text: &str, columns: &BTreeMap<String, Value>) -> anyhow::Result<[Side; 2]> {
        let side = |judge: &Judge| judge.side(text, columns).map_err(PipelineError::from);
        Ok([side(&self.judges[0])?, side(&self.judges[1])?])
    }

    fn print(
        &self,
        out: &mut impl Write,
        (id, shard, row): (&str, &str, u64),
        found: Disagreement,
        sides: &[Side; 2],
    ) -> std::io::Result<()> {
        if self.json {
            let side = |name: &str, side: &Side| {
                let reasons: Vec<Value> = side.reasons.iter().map(Reason::json).collect();
                json!({"rules": name, "keep": side.keep, "reasons": reasons, "edits": side.edits})
            };
            let sides = [side(self.names[0], &sides[0]), side(self.names[1], &sides[1])];
            let line = json!({
                "id": id, "shard": shard, "row": row, "differs": kind(found), "sides": sides,
            });
            return writeln!(out, "{line}");
        }
        let id = visible(id);
        let name = id.if_supports_color(Stream::Stdout, |text| text.bold()).to_string();
        writeln!(out, "{name} · {} row {row}", visible(shard))?;
        for (name, side) in self.names.iter().zip(sides) {
            let does = if !side.keep {
                let reasons: Vec<String> = side.reasons.iter().map(ToString::to_string).collect();
                format!("removes it: {}", reasons.join("\n    and "))
            } else if found == Disagreement::Texts && !side.edits.is_empty() {
                format!(
                    "keeps {} bytes of it, edited by {}",
                    side.text.len(),
                    side.edits.join(", ")
                )
            } else {
                format!("keeps it, {} bytes", side.text.len())
            };
            writeln!(out, "  {name} {does}")?;
        }
        Ok(())
    }

    fn summary(&self, out: &mut impl Write, counts: &Counts) -> std::io::Result<()> {
        let of = |kind| counts.disagreements.get(&kind).copied().unwrap_or(0);
        let (first, second) = (of(Disagreement::OnlyFirst), of(Disagreement::OnlySecond));
        let texts = of(Disagreement::Texts);
        let [a, b] = self.names;
        if self.json {
            let line = json!({"summary": {
                "documents": counts.documents, "kept_by_both": counts.kept,
                "removed_by_both": counts.dropped, "removed_by_first_only": first,
                "removed_by_second_only": second, "texts_differ": texts,
                "first": {"rules": a, "reasons": counts.reasons[0]},
                "second": {"rules": b, "reasons": counts.reasons[1]},
            }});
            return writeln!(out, "{line}");
        }
        let hidden = first + second + texts - counts.printed as u64;
        if hidden > 0 {
            writeln!(out, "and {hidden} more, -n 0 prints all")?;
        }
        writeln!(
            out,
            "\n{} documents: both keep {}, both remove {}, only {a} removes {first}, only {b} removes {second}",
            counts.documents, counts.kept, counts.dropped
        )?;
        if texts > 0 {
            writeln!(out, "{texts} that both keep are written with different texts")?;
        }
        for (name, reasons) in self.names.iter().zip(&counts.reasons) {
            if reasons.is_empty() {
                continue;
            }
            writeln!(out, "\nfirst reasons where only {name} removes")?;
            let mut sorted: Vec<(&String, &u64)> = reasons.iter().collect();
            sorted.sort_by_key(|(rule, count)| (std::cmp::Reverse(**count), *rule));
            for (rule, count) in sorted {
                writeln!(out, "  {rule:<40} {count:>8}")?;
            }
        }
        Ok(())
    }
}

impl Counts {
    fn count(&mut self, sides: &[Side; 2]) -> Option<Disagreement> {
        self.documents += 1;
        self.kept += u64::from(sides[0].keep && sides[1].keep);
        self.dropped += u64::from(!sides[0].keep && !sides[1].keep);
        let found = disagreement(&sides[0], &sides[1])?;
        *self.disagreements.entry(found).or_default() += 1;
        let at = match found {
            Disagreement::OnlyFirst => 0,
            Disagreement::OnlySecond => 1,
            Disagreement::Texts => return Some(found),
        };
        if let Some(reason) = sides[at].reasons.first() {
            *self.reasons[at].entry(reason.rule.clone()).or_default() += 1;
        }
        Some(found)
    }
}

fn kind(found: Disagreement) -> &'static str {
    match found {
        Disagreement::OnlyFirst => "removed_by_first_only",
        Disagreement::OnlySecond => "removed_by_second_only",
        Disagreement::Texts => "texts",
    }
}
