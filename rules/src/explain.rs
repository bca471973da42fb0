//! Pages about annotators, rules and packs, as plain text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::annotators::{ANNOTATORS, Annotator, Value, ValueType};
use crate::edits::Edit;
use crate::lines::LINE_MEASURES;
use crate::rule_set::{Action, Rule, RuleSet};

/// From what to what the values go; words have no order that says anything.
fn bounds(annotator: &dyn Annotator) -> Option<[String; 2]> {
    let (low, high) = annotator.range();
    (annotator.value_type() != ValueType::Text).then(|| [bound(low), bound(high)])
}

/// A bound of a range, for a person.
pub(crate) fn bound(value: f64) -> String {
    if value.abs() >= 1e299 || value.is_infinite() {
        "no bound".to_owned()
    } else {
        value.to_string()
    }
}

/// The name of a value's type.
pub fn type_name(annotator: &dyn Annotator) -> &'static str {
    match annotator.value_type() {
        ValueType::Int => "int",
        ValueType::Float => "double",
        ValueType::Bool => "bool",
        ValueType::Text => "string",
        ValueType::Findings => "list",
    }
}

/// Every annotator's page as one Markdown document: the catalogue in `docs/annotators.md`.
pub fn catalogue() -> String {
    let mut text = "# Annotators\n\nWhat rules can ask of a document. This page is generated from \
                    the annotators themselves and a test keeps it so; `tamis rules explain NAME` \
                    prints one entry. The examples run as tests.\n"
        .to_owned();
    for annotator in ANNOTATORS {
        let definition = annotator.definition();
        let bounds = bounds(*annotator);
        let bounds = bounds.map(|[low, high]| format!("; from {low} to {high}"));
        // writing to a string cannot fail
        let _ = write!(
            text,
            "\n## `{}`\n\n{definition}\n\n{}, {}{}. Source: {}.\n\n",
            annotator.name(),
            type_name(*annotator),
            annotator.unit(),
            bounds.unwrap_or_default(),
            annotator.source()
        );
        for example in annotator.examples() {
            let _ = writeln!(text, "- `{:?}` gives {}", example.text, shown(example.value));
        }
    }
    text.push_str(
        "\n# Lines\n\nWhat `remove_lines_if` can ask of a line. Lines end at a line feed, with or \
         without a carriage return before it; the end is left out.\n",
    );
    for measure in LINE_MEASURES {
        let _ = write!(
            text,
            "\n## `{}`\n\n{}\n\ndouble, {}.\n\n",
            measure.name, measure.definition, measure.unit
        );
        for (line, value) in measure.examples {
            let _ = writeln!(text, "- `{line:?}` gives {value}");
        }
    }
    text
}

fn shown(value: Value) -> String {
    match value {
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Text(value) => format!("`{value}`"),
        Value::Null => "NULL".to_owned(),
    }
}

/// The page of an annotator: what it is, in which unit, whose definition, with examples.
pub fn annotator_page(annotator: &dyn Annotator) -> String {
    let bounds = bounds(annotator);
    let bounds = bounds.map(|[low, high]| format!("  range   {low} to {high}\n"));
    let mut page = format!(
        "{}\n\n{}\n\n  type    {}\n  unit    {}\n{}  source  {}\n",
        annotator.name(),
        annotator.definition(),
        type_name(annotator),
        annotator.unit(),
        bounds.unwrap_or_default(),
        annotator.source()
    );
    for (number, example) in annotator.examples().iter().enumerate() {
        let value = shown(example.value);
        let mark = if number == 0 { "example" } else { "       " };
        // writing to a string cannot fail
        let _ = writeln!(page, "  {mark} {:?} gives {value}", example.text);
    }
    page
}

/// The page of a rule: what it does, why, whose definition, what it compares.
pub fn rule_page(set: &RuleSet, rule: &Rule) -> String {
    let mut page = format!("{}\n\n", rule.id);
    let mut line = |name: &str, text: &str| {
        let _ = writeln!(page, "  {name:<10} {text}");
    };
    match (&rule.action, &rule.condition) {
        (Action::Edit(Edit::RemoveLines { pattern }), _) => {
            line("removes", &format!("lines matching {pattern}"));
        }
        (Action::Edit(Edit::RemoveLinesIf { condition }), _) => {
            line("removes", &format!("lines for which {condition}"));
        }
        (Action::Edit(Edit::Replace { pattern, with, lines_if }), _) => {
            let lines = lines_if.as_ref().map(|lines| format!(" in lines for which {lines}"));
            line("replaces", &format!("{pattern} with {with:?}{}", lines.unwrap_or_default()));
        }
        (Action::Edit(Edit::RepairMojibake), _) => {
            line(
                "repairs",
                "UTF-8 that was read as Windows-1252 or Latin-1, where that is certain",
            );
        }
        (Action::Edit(Edit::RemoveDangling { wanted }), _) => {
            line("removes", &format!("sentences with findings of {wanted}"));
        }
        (Action::Edit(Edit::MarkDangling { wanted, with }), _) => {
            line("marks", &format!("findings of {wanted} with {with:?}"));
        }
        (Action::Edit(Edit::ReplacePii { kinds, with }), _) => {
            line("replaces", &format!("{} with {}", kinds.join(", "), with.join(" or ")));
        }
        (action, Some(condition)) => line(action.key(), condition.trim()),
        (action, None) => line(action.key(), ""),
    }
    if let Some(why) = &rule.why {
        line("why", why.trim());
    }
    if let Some(follows) = &rule.follows {
        line("follows", follows);
    }
    line("stage", &rule.stage.to_string());
    if rule.condition.is_some() {
        line("on_null", &format!("{:?}", rule.on_null).to_lowercase());
    }
    line("written", &format!("{}:{}", set.file_name(&rule.at), rule.at.line));
    let trial: BTreeMap<String, f64> = set.percentiles().iter().map(|p| (p.key(), 0.0)).collect();
    if let Ok(compiled) = set.compile(&trial) {
        let number = set.rules().iter().position(|one| one.id == rule.id);
        for condition in compiled.conditions.iter().filter(|c| Some(c.rule) == number) {
            for one in &condition.comparisons {
                line("compares", &format!("{} {} {}", one.column, one.op, one.threshold));
            }
        }
    }
    page
}
