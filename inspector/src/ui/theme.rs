//! Colours: for dark and light terminals, and none at all.
//!
//! Plain text keeps the terminal's own colours, so that it is readable on every background.

use ratatui::style::{Color, Modifier, Style};

use crate::model::{MarkKind, Verdict};
use crate::summary::GateState;

/// Which colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// None: bold, dim, underlined and reversed only.
    None,
}

/// What is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Plain text.
    Text,
    /// What is less important.
    Dim,
    /// What is more important.
    Strong,
    /// Frames and rules.
    Line,
    /// Title of the focused pane.
    Focus,
    /// The chosen row.
    Chosen,
    /// A key in the footer.
    Key,
    /// Good.
    Good,
    /// Defective, an error.
    Bad,
    /// Of note.
    Warn,
    /// A control or invisible character.
    Control,
    /// Words that went.
    Gone,
    /// Words that came.
    New,
    /// A match of the search.
    Match,
    /// Where one is: the current match or finding.
    Current,
    /// Selected text.
    Selected,
    /// A bar or a sparkline.
    Bar,
    /// A token with an even place.
    Even,
    /// A token with an odd place.
    Odd,
}

impl Theme {
    /// The theme that the environment asks for: `NO_COLOR` (any value but the empty one), a dumb
    /// terminal, or a light background as `COLORFGBG` tells it.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        if set("NO_COLOR") || variable("TERM").is_some_and(|term| term == "dumb") {
            return Self::None;
        }
        let background = variable("COLORFGBG")
            .and_then(|value| value.rsplit(';').next().and_then(|last| last.parse::<u8>().ok()));
        match background {
            Some(7 | 15) => Self::Light,
            _ => Self::Dark,
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::None,
            Self::None => Self::Dark,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::None => "no colours",
        }
    }

    /// The style of a role.
    pub fn style(self, role: Role) -> Style {
        match self {
            Self::None => plain(role),
            Self::Dark | Self::Light => self.coloured(role),
        }
    }

    fn coloured(self, role: Role) -> Style {
        let base = Style::new();
        let dark = self == Self::Dark;
        let pick =
            |on_dark: u8, on_light: u8| Color::Indexed(if dark { on_dark } else { on_light });
        match role {
            Role::Text => base,
            Role::Dim => base.fg(pick(245, 242)),
            Role::Strong => base.add_modifier(Modifier::BOLD),
            Role::Line => base.fg(pick(239, 250)),
            Role::Focus => base.fg(pick(117, 25)).add_modifier(Modifier::BOLD),
            Role::Chosen => base.bg(pick(237, 254)).add_modifier(Modifier::BOLD),
            Role::Key => base.fg(pick(117, 25)),
            Role::Good => base.fg(pick(114, 28)),
            Role::Bad => base.fg(pick(210, 124)).add_modifier(Modifier::BOLD),
            Role::Warn => base.fg(pick(221, 130)),
            Role::Control => base.fg(pick(213, 90)).add_modifier(Modifier::DIM),
            Role::Gone => {
                base.fg(pick(217, 88)).bg(pick(52, 224)).add_modifier(Modifier::CROSSED_OUT)
            }
            Role::New => base.fg(pick(157, 22)).bg(pick(22, 194)),
            Role::Match => base.fg(Color::Indexed(16)).bg(pick(186, 229)),
            Role::Current => {
                base.fg(Color::Indexed(16)).bg(pick(215, 215)).add_modifier(Modifier::BOLD)
            }
            Role::Selected => base.bg(pick(24, 153)),
            Role::Bar => base.fg(pick(110, 67)),
            Role::Even => base.bg(pick(236, 255)),
            Role::Odd => base.bg(pick(24, 189)),
        }
    }

    /// The style of a highlighted place.
    pub fn mark(self, kind: MarkKind, current: bool) -> Style {
        if current {
            return self.style(Role::Current);
        }
        let base = Style::new().add_modifier(Modifier::UNDERLINED);
        let (on_dark, on_light) = match kind {
            MarkKind::Reference => (221, 130),
            MarkKind::Rule => (210, 124),
            MarkKind::Edit => (117, 25),
            MarkKind::Repeat => (183, 91),
        };
        match self {
            Self::Dark => base.fg(Color::Indexed(on_dark)),
            Self::Light => base.fg(Color::Indexed(on_light)),
            Self::None => base,
        }
    }

    /// The style of a verdict.
    pub fn verdict(self, verdict: Verdict) -> Style {
        self.style(match verdict {
            Verdict::Good => Role::Good,
            Verdict::Defect => Role::Bad,
            Verdict::Skip => Role::Dim,
        })
    }

    /// The style of what a gate says.
    pub fn gate(self, state: GateState) -> Style {
        self.style(match state {
            GateState::Passed => Role::Good,
            GateState::Failed => Role::Bad,
            GateState::Open => Role::Warn,
        })
    }
}

fn plain(role: Role) -> Style {
    let base = Style::new();
    match role {
        Role::Text | Role::Good | Role::Bar | Role::Even => base,
        Role::Dim | Role::Line => base.add_modifier(Modifier::DIM),
        Role::Strong | Role::Focus | Role::Key | Role::Bad | Role::Warn => {
            base.add_modifier(Modifier::BOLD)
        }
        Role::Chosen | Role::Current | Role::Selected | Role::Odd => {
            base.add_modifier(Modifier::REVERSED)
        }
        Role::Control | Role::New | Role::Match => base.add_modifier(Modifier::UNDERLINED),
        Role::Gone => base.add_modifier(Modifier::CROSSED_OUT),
    }
}

/// The letter of a verdict, so that no meaning hangs on a colour alone.
pub fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "✓",
        Verdict::Defect => "✗",
        Verdict::Skip => "–",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Theme {
        Theme::from_environment(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn the_environment_is_asked() {
        assert_eq!(with("NO_COLOR", "1"), Theme::None);
        assert_eq!(with("NO_COLOR", ""), Theme::Dark);
        assert_eq!(with("TERM", "dumb"), Theme::None);
        assert_eq!(with("COLORFGBG", "0;15"), Theme::Light);
        assert_eq!(with("COLORFGBG", "15;0"), Theme::Dark);
    }

    #[test]
    fn plain_text_keeps_the_colours_of_the_terminal() {
        for theme in [Theme::Dark, Theme::Light, Theme::None] {
            assert_eq!(theme.style(Role::Text), Style::new());
        }
        assert_eq!(Theme::None.style(Role::Bad).fg, None);
    }
}
