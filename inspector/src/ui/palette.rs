//! What the palette offers for what is typed.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::command::{COMMANDS, LINES, Line, Spec};

/// Something to choose.
#[derive(Debug, Clone, Copy)]
pub enum Choice {
    /// A command.
    Command(&'static Spec),
    /// A command with an argument.
    Line(&'static Line),
}

impl Choice {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Command(spec) => spec.id,
            Self::Line(line) => line.name,
        }
    }

    /// What is searched: name and help.
    pub fn text(&self) -> String {
        match self {
            Self::Command(spec) => format!("{} {}", spec.id, spec.help),
            Self::Line(line) => format!("{} {} {}", line.name, line.argument, line.help),
        }
    }
}

fn all() -> impl Iterator<Item = Choice> {
    LINES.iter().map(Choice::Line).chain(COMMANDS.iter().map(Choice::Command))
}

/// Choices that match, the best first; all of them for nothing.
pub fn choices(typed: &str) -> Vec<Choice> {
    if typed.trim().is_empty() {
        return all().collect();
    }
    let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, usize, Choice)> = all()
        .enumerate()
        .filter_map(|(at, choice)| {
            let text = choice.text();
            let mut score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
            // a name that matches by itself goes before a help text
            if let Some(own) =
                pattern.score(Utf32Str::new(choice.name(), &mut buffer), &mut matcher)
            {
                score += 1000 + own;
            }
            // who types the last word of a name means that one
            if choice.name().rsplit('.').next() == Some(typed.trim()) {
                score += 10_000;
            }
            Some((score, at, choice))
        })
        .collect();
    found.sort_by_key(|&(score, at, _)| (std::cmp::Reverse(score), at));
    found.into_iter().map(|(_, _, choice)| choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_find_a_command() {
        let first = |typed| choices(typed).first().map(Choice::text).unwrap_or_default();
        assert!(first("undo").starts_with("review.undo"));
        assert!(first("hist").starts_with("histogram"));
        assert!(first("theme").starts_with("theme"));
        assert!(first("overview").starts_with("screen.overview"));
        assert!(first("statistics").starts_with("screen.statistics"));
        assert!(choices("qqqzzz").is_empty());
        assert_eq!(choices("").len(), LINES.len() + COMMANDS.len());
    }
}
