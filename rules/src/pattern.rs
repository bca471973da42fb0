//! What is wrong with a regular expression: where, and what to write instead.

/// A fault of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The character it is about, from 0, where the library says so.
    pub(crate) at: Option<usize>,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

/// What the library says, and what helps.
const HELP: &[(&str, &str)] = &[
    ("unclosed group", r"close it with ), or write \( for the sign itself"),
    ("unopened group", r"open it with (, or write \) for the sign itself"),
    ("unclosed character class", r"close it with ], or write \[ for the sign itself"),
    (
        "repetition operator missing expression",
        r"put something before it, or write \* \+ \? for the sign itself",
    ),
    ("repetition quantifier expects a valid decimal", r"write a number, or \{ for the sign itself"),
    ("unclosed counted repetition", r"close it with }, or write \{ for the sign itself"),
    ("look-around", "match what stands around too, and bring it back with $1 in 'with'"),
    ("backreferences", "name the alternatives: a pattern cannot ask for what it matched before"),
    ("unrecognized escape sequence", r"write the sign without \, or \\ for a backslash"),
    ("unrecognized flag", "the flags are i, m, s, R, U, u and x"),
    ("Unicode property not found", r"see \p{Letter}, \p{Greek}, \p{Lu}"),
    ("invalid character class range", "the first sign must not come after the last"),
    ("exceeds size limit", "repeat fewer times, or write fewer alternatives"),
];

/// Reads an error of the library, which draws the pattern and ends with a line that says what is
/// wrong.
pub(crate) fn fault(error: &regex::Error) -> Fault {
    let drawn = error.to_string();
    let said = drawn.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
    let help = HELP.iter().find(|(part, _)| drawn.contains(part));
    let message = match help {
        Some((_, help)) => format!("{said}: {help}"),
        None => said.to_owned(),
    };
    // the pattern is drawn with four spaces before it and a caret under the place
    let carets =
        drawn.lines().find(|line| line.contains('^') && line.chars().all(|c| c == ' ' || c == '^'));
    let one_line = drawn.lines().count() == 4;
    let at = carets.and_then(|line| line.find('^')).and_then(|at| at.checked_sub(4));
    Fault { at: at.filter(|_| one_line), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edits::compile_pattern as compile;

    #[test]
    fn a_fault_has_its_place_and_a_way_out() {
        for (pattern, at, says) in [
            ("ab(c", Some(2), "unclosed group: close it with )"),
            ("é)", Some(1), "unopened group: open it"),
            ("[a", Some(0), "unclosed character class: close it with ]"),
            ("*a", Some(0), "missing expression: put something before it"),
            ("(?<=a)b", Some(0), "look-around"),
            (r"(a)\1", Some(3), "backreferences are not supported: name the alternatives"),
            (r"\y", Some(0), "unrecognized escape sequence: write the sign"),
            (r"\p{Klingon}", Some(0), "Unicode property not found: see"),
            ("(?:a{1000}){1000}", None, "repeat fewer times"),
        ] {
            let fault = fault(&compile(pattern).unwrap_err());
            assert!(fault.message.contains(says), "{pattern}: {fault:?}");
            assert_eq!(fault.at, at, "{pattern}: {fault:?}");
        }
    }
}
