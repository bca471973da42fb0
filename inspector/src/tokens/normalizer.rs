//! What a tokenizer does to a text before it cuts it, in words.

use serde_json::Value;

/// One line for each step of the normaliser of a `tokenizer.json`, in order.
pub(super) fn explained(normalizer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    explain(normalizer, &mut lines);
    lines
}

fn explain(step: &Value, lines: &mut Vec<String>) {
    let Some(kind) = step.get("type").and_then(Value::as_str) else { return };
    let on = |key: &str| step.get(key).and_then(Value::as_bool) == Some(true);
    let text = |key: &str| match step.get(key) {
        Some(Value::String(text)) => format!("{text:?}"),
        Some(Value::Object(pattern)) => {
            let told = pattern.iter().next();
            told.map_or_else(String::new, |(_, pattern)| pattern.to_string())
        }
        _ => "''".to_owned(),
    };
    let line = match kind {
        "Sequence" => {
            for inner in step.get("normalizers").and_then(Value::as_array).into_iter().flatten() {
                explain(inner, lines);
            }
            return;
        }
        "Lowercase" => "upper case is lost".to_owned(),
        "NFC" => "characters are composed: e and an accent become é".to_owned(),
        "NFD" => "characters are taken apart: é becomes e and an accent".to_owned(),
        "NFKC" | "NFKD" => {
            "compatible characters become one: ² is 2, ﬁ is fi, full-width letters are plain"
                .to_owned()
        }
        "Nmt" => "control characters go, odd spaces become plain ones".to_owned(),
        "Precompiled" => {
            "a table of SentencePiece, as a rule NFKC: ² is 2, ﬁ is fi, odd spaces become plain ones"
                .to_owned()
        }
        "StripAccents" => "accents are lost".to_owned(),
        "Strip" => {
            let ends = match (on("strip_left"), on("strip_right")) {
                (true, true) => "both ends",
                (true, false) => "the start",
                _ => "the end",
            };
            format!("white space at {ends} is lost")
        }
        "Prepend" => format!("{} is put in front", text("prepend")),
        "Replace" => format!("{} becomes {}", text("pattern"), text("content")),
        "BertNormalizer" => {
            let mut parts = Vec::new();
            if on("lowercase") {
                parts.push("upper case is lost");
            }
            let strips = step.get("strip_accents").and_then(Value::as_bool);
            if strips.unwrap_or(on("lowercase")) {
                parts.push("accents are lost");
            }
            if on("clean_text") {
                parts.push("control characters go and line breaks become spaces");
            }
            if on("handle_chinese_chars") {
                parts.push("spaces are put around Chinese characters");
            }
            parts.join(", ")
        }
        "ByteLevel" => "bytes become the letters of the byte-level alphabet".to_owned(),
        _ => "not known to tamis".to_owned(),
    };
    lines.push(format!("{kind}: {line}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_step_is_said_in_order() {
        let normalizer = json!({"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            {"type": "Sequence", "normalizers": [{"type": "NFKC"}]}]});
        let lines = explained(&normalizer);
        assert_eq!(lines[0], "Prepend: \"▁\" is put in front");
        assert_eq!(lines[1], "Replace: \" \" becomes \"▁\"");
        assert!(lines[2].starts_with("NFKC: "));
        assert_eq!(lines.len(), 3);
        assert!(explained(&Value::Null).is_empty());
        let bert = json!({"type": "BertNormalizer", "lowercase": true, "strip_accents": null, "clean_text": false, "handle_chinese_chars": false});
        assert_eq!(explained(&bert), ["BertNormalizer: upper case is lost, accents are lost"]);
    }
}
