//! One document as a page of plain text.

use serde_json::Value;
use tamis_pipeline::contamination::RULE;

use crate::visible::visible;

/// What a page shows of a document.
pub struct Page<'a> {
    /// Its id, the user's where there is one.
    pub name: &'a str,
    /// Where it stands: shard and row.
    pub place: String,
    /// `kept`, `removed` or `failed`.
    pub decision: &'a str,
    /// The reasons, as in the record's field `tamis`.
    pub reasons: &'a [Value],
    /// The text.
    pub text: &'a str,
    /// Characters of text to show at most, 0 for all.
    pub characters: usize,
}

/// A value as a person writes it: numbers with four decimals, small ones with four digits.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => {
                if float != 0.0 && float.abs() < 0.001 {
                    return format!("{float:.3e}");
                }
                let text = format!("{float:.4}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            _ => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Null => "unknown".to_owned(),
        other => other.to_string(),
    }
}

/// One reason in a line: `web/too-short: word_count 12 < 50`.
pub fn reason(reason: &Value) -> String {
    let text = |key: &str| reason.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut line = text("rule").to_owned();
    let comparisons = reason.get("comparisons").and_then(Value::as_array);
    for (at, comparison) in comparisons.into_iter().flatten().enumerate() {
        let part = |key: &str| comparison.get(key).map(plain).unwrap_or_default();
        line.push_str(if at == 0 { ": " } else { ", " });
        line.push_str(&format!(
            "{} {} {} {}",
            part("annotation"),
            part("value"),
            part("op"),
            part("threshold")
        ));
    }
    if let Some(twin) = reason.get("twin").and_then(Value::as_str) {
        let of = if text("rule").starts_with(RULE) { "text of" } else { "twin of" };
        line.push_str(&format!(": {of} {twin}"));
        if let Some(similarity) = reason.get("similarity").filter(|value| !value.is_null()) {
            line.push_str(&format!(", similarity {}", plain(similarity)));
        }
    }
    line
}

/// The page.
pub fn render(page: &Page<'_>) -> String {
    let mut out =
        format!("── {} · {} · {}\n", visible(page.name), page.decision, visible(&page.place));
    for one in page.reasons {
        out.push_str(&format!("   {}\n", visible(&reason(one))));
    }
    out.push('\n');
    let cut = match page.characters {
        0 => None,
        limit => page.text.char_indices().nth(limit).map(|(at, _)| at),
    };
    out.push_str(visible(cut.map_or(page.text, |at| &page.text[..at])).trim_end());
    if let Some(at) = cut {
        out.push_str(&format!("\n   … {} more characters", page.text[at..].chars().count()));
    }
    out.push_str("\n\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reason_says_what_was_measured_against_what() {
        let one = json!({"rule": "web/too-short", "comparisons": [
            {"annotation": "word_count", "value": 12, "op": "<", "threshold": 50},
            {"annotation": "mean_word_length", "value": 2.123_456, "op": "<", "threshold": 3.0}],
            "spans": [], "twin": null, "similarity": null});
        assert_eq!(reason(&one), "web/too-short: word_count 12 < 50, mean_word_length 2.1235 < 3");
    }

    #[test]
    fn a_duplicate_names_its_twin() {
        let one =
            json!({"rule": "dedup/exact", "comparisons": [], "twin": "a7", "similarity": 1.0});
        assert_eq!(reason(&one), "dedup/exact: twin of a7, similarity 1");
    }

    #[test]
    fn a_contaminated_document_names_the_item() {
        let one = json!({"rule": "decontaminate/gsm", "comparisons": [
            {"annotation": "overlap_words", "value": 20, "op": ">=", "threshold": 13}], "twin": "gsm/q-7"});
        assert_eq!(reason(&one), "decontaminate/gsm: overlap_words 20 >= 13: text of gsm/q-7");
    }

    #[test]
    fn small_numbers_keep_their_digits() {
        assert_eq!(plain(&json!(0.000_012_34)), "1.234e-5");
        assert_eq!(plain(&json!(0.012_34)), "0.0123");
        assert_eq!(plain(&json!(0.0)), "0");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let page = Page {
            name: "a",
            place: "x row 1".into(),
            decision: "kept",
            reasons: &[],
            text: "äöüß",
            characters: 2,
        };
        assert!(render(&page).contains("äö\n   … 2 more characters"));
    }
}
