//! Everything a person can do: the table that key bindings, help and palette are made from.

/// Where a command is at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// On every screen.
    Everywhere,
    /// Where documents are read and judged.
    Review,
    /// Counts of the run.
    Overview,
    /// Everything the labels say.
    Statistics,
    /// A cluster of duplicates.
    Twins,
    /// A rule in the making.
    Draft,
}

impl Scope {
    /// Title of its part of the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Review => "reading",
            Self::Overview => "overview",
            Self::Statistics => "statistics",
            Self::Twins => "twins",
            Self::Draft => "draft rule",
        }
    }

    /// Whether a key of one could be meant for the other.
    pub fn meets(self, other: Self) -> bool {
        self == other || self == Self::Everywhere || other == Self::Everywhere
    }
}

/// A thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Command {
    Ok,
    Defect,
    Skip,
    Flag,
    Kind(u8),
    Note,
    Undo,
    Redo,
    NextDocument,
    PreviousDocument,
    NextFinding,
    PreviousFinding,
    Down,
    Up,
    Left,
    Right,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Enter,
    Back,
    NextPane,
    PreviousPane,
    Zoom,
    TextMode,
    Whitespace,
    Bidi,
    Tokens,
    Metadata,
    Select,
    Search,
    Yank,
    Editor,
    Review,
    Overview,
    Statistics,
    Twins,
    Draft,
    Try,
    AppendRule,
    NextEffect,
    ByTokens,
    Palette,
    Help,
    Theme,
    Mouse,
    Suspend,
    Redraw,
    Quit,
}

/// A command with its name, keys and help.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Stable name, by which keymap files mean it.
    pub id: &'static str,
    /// The command.
    pub command: Command,
    /// Where it is at home.
    pub scope: Scope,
    /// Keys by default, separated by commas; a key sequence has spaces.
    pub keys: &'static [&'static str],
    /// One word for the footer; empty where it is not shown there.
    pub short: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn spec(
    id: &'static str,
    command: Command,
    scope: Scope,
    keys: &'static [&'static str],
    short: &'static str,
    help: &'static str,
) -> Spec {
    Spec { id, command, scope, keys, short, help }
}

use Command as C;
use Scope::{Draft, Everywhere, Overview, Review, Twins};

/// All commands, in the order of the help.
pub const COMMANDS: &[Spec] = &[
    spec("review.ok", C::Ok, Review, &["a"], "ok", "nothing wrong, and on to the next"),
    spec("review.defect", C::Defect, Review, &["x"], "defect", "a defect, and on to the next"),
    spec("review.skip", C::Skip, Review, &["space"], "skip", "cannot say; counted as missing"),
    spec("review.flag", C::Flag, Review, &["f"], "flag", "mark for a second look"),
    spec("review.kind-1", C::Kind(1), Review, &["1"], "", "kind of defect 1, on or off"),
    spec("review.kind-2", C::Kind(2), Review, &["2"], "", "kind of defect 2, on or off"),
    spec("review.kind-3", C::Kind(3), Review, &["3"], "", "kind of defect 3, on or off"),
    spec("review.kind-4", C::Kind(4), Review, &["4"], "", "kind of defect 4, on or off"),
    spec("review.kind-5", C::Kind(5), Review, &["5"], "", "kind of defect 5, on or off"),
    spec("review.kind-6", C::Kind(6), Review, &["6"], "", "kind of defect 6, on or off"),
    spec("review.kind-7", C::Kind(7), Review, &["7"], "", "kind of defect 7, on or off"),
    spec("review.kind-8", C::Kind(8), Review, &["8"], "", "kind of defect 8, on or off"),
    spec("review.kind-9", C::Kind(9), Review, &["9"], "", "kind of defect 9, on or off"),
    spec("review.note", C::Note, Review, &["i"], "note", "write a note on the document"),
    spec(
        "review.undo",
        C::Undo,
        Everywhere,
        &["backspace", "U", "ctrl-z"],
        "undo",
        "take the last decision back",
    ),
    spec("review.redo", C::Redo, Everywhere, &["R"], "redo", "decide again what was taken back"),
    spec("document.next", C::NextDocument, Review, &["]"], "next", "next document"),
    spec("document.previous", C::PreviousDocument, Review, &["["], "", "previous document"),
    spec(
        "finding.next",
        C::NextFinding,
        Review,
        &["n"],
        "finding",
        "next finding, or next match of a search",
    ),
    spec("finding.previous", C::PreviousFinding, Review, &["N"], "", "previous finding or match"),
    spec("move.down", C::Down, Everywhere, &["j", "down"], "", "down"),
    spec("move.up", C::Up, Everywhere, &["k", "up"], "", "up"),
    spec("move.left", C::Left, Everywhere, &["h", "left"], "", "left; the pane to the left"),
    spec("move.right", C::Right, Everywhere, &["l", "right"], "", "right; the pane to the right"),
    spec("move.half-down", C::HalfDown, Everywhere, &["ctrl-d"], "", "half a page down"),
    spec("move.half-up", C::HalfUp, Everywhere, &["ctrl-u"], "", "half a page up"),
    spec("move.page-down", C::PageDown, Everywhere, &["pagedown", "ctrl-f"], "", "a page down"),
    spec("move.page-up", C::PageUp, Everywhere, &["pageup", "ctrl-b"], "", "a page up"),
    spec("move.top", C::Top, Everywhere, &["g g", "home"], "", "to the start"),
    spec("move.bottom", C::Bottom, Everywhere, &["G", "g e", "end"], "", "to the end"),
    spec("app.enter", C::Enter, Everywhere, &["enter"], "", "open, or filter by, what is chosen"),
    spec(
        "app.back",
        C::Back,
        Everywhere,
        &["esc"],
        "",
        "back; stop a search, a selection or a long job",
    ),
    spec("pane.next", C::NextPane, Everywhere, &["tab"], "pane", "next pane"),
    spec("pane.previous", C::PreviousPane, Everywhere, &["backtab"], "", "previous pane"),
    spec("pane.zoom", C::Zoom, Everywhere, &["z"], "zoom", "the pane alone on the screen, or not"),
    spec(
        "text.mode",
        C::TextMode,
        Review,
        &["o"],
        "original",
        "edited, original, diff, side by side",
    ),
    spec(
        "text.whitespace",
        C::Whitespace,
        Review,
        &["w"],
        "",
        "show white space and invisible characters",
    ),
    spec(
        "text.bidi",
        C::Bidi,
        Review,
        &["b"],
        "",
        "turn right-to-left text, or leave that to the terminal",
    ),
    spec("text.tokens", C::Tokens, Review, &["T"], "", "tokens of a tokenizer"),
    spec("text.metadata", C::Metadata, Review, &["M"], "", "fields and measured values, or why"),
    spec("text.select", C::Select, Review, &["v"], "", "select text for a rule"),
    spec("text.search", C::Search, Review, &["/"], "search", "search; /…/ is a regular expression"),
    spec("document.yank", C::Yank, Review, &["y"], "", "copy the document's id, or the selection"),
    spec("document.editor", C::Editor, Review, &["e"], "", "open the text in $PAGER or $EDITOR"),
    spec("screen.review", C::Review, Everywhere, &["g r"], "", "back to reading"),
    spec("screen.overview", C::Overview, Everywhere, &["O", "g o"], "", "counts of the run"),
    spec(
        "screen.statistics",
        C::Statistics,
        Everywhere,
        &["S", "g s"],
        "",
        "everything the labels say",
    ),
    spec(
        "screen.twins",
        C::Twins,
        Review,
        &["C", "g t"],
        "",
        "the cluster of duplicates of the document",
    ),
    spec(
        "screen.draft",
        C::Draft,
        Review,
        &["D", "g d"],
        "",
        "make a rule, of the selection where there is one",
    ),
    spec("overview.by-tokens", C::ByTokens, Overview, &["s"], "sort", "sort by name or by count"),
    spec("twins.diff", C::NextFinding, Twins, &["n"], "difference", "next difference"),
    spec("twins.diff-back", C::PreviousFinding, Twins, &["N"], "", "previous difference"),
    spec("draft.try", C::Try, Draft, &["ctrl-t"], "try", "try the rule on the sample"),
    spec(
        "draft.append",
        C::AppendRule,
        Draft,
        &["ctrl-s"],
        "append",
        "append the rule and its test to the rule file",
    ),
    spec("draft.effect", C::NextEffect, Draft, &["ctrl-e"], "effect", "what the rule does"),
    spec("app.palette", C::Palette, Everywhere, &[":"], "commands", "all commands"),
    spec("app.help", C::Help, Everywhere, &["?", "f1"], "help", "keys of what is focused"),
    spec("app.theme", C::Theme, Everywhere, &["t"], "", "dark, light, or no colours"),
    spec(
        "app.mouse",
        C::Mouse,
        Everywhere,
        &["m"],
        "",
        "mouse for tamis, or for selecting in the terminal",
    ),
    spec("app.suspend", C::Suspend, Everywhere, &[], "", "back to the shell; fg returns"),
    spec("app.redraw", C::Redraw, Everywhere, &["ctrl-l"], "", "paint everything again"),
    spec(
        "app.quit",
        C::Quit,
        Everywhere,
        &["q", "ctrl-c"],
        "quit",
        "leave; every decision is on the disk",
    ),
];

/// The entry of a command.
pub fn find(command: Command) -> Option<&'static Spec> {
    COMMANDS.iter().find(|spec| spec.command == command)
}

/// A command with arguments, typed into the palette.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Its name.
    pub name: &'static str,
    /// Its argument, as the palette shows it.
    pub argument: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// Commands with arguments.
pub const LINES: &[Line] = &[
    Line {
        name: "filter",
        argument: "SQL",
        help: "browse the documents for which a condition holds; nothing ends it",
    },
    Line { name: "goto", argument: "RANK|ID", help: "go to a document" },
    Line {
        name: "strata",
        argument: "decision|rule|source|language|length|cluster|SQL|off",
        help: "draw strata in turn",
    },
    Line { name: "seed", argument: "NUMBER", help: "draw with another seed" },
    Line { name: "unit", argument: "document|token", help: "what is drawn with equal chances" },
    Line {
        name: "population",
        argument: "kept|removed|failed|flagged|all",
        help: "which documents are sampled",
    },
    Line {
        name: "histogram",
        argument: "ANNOTATION",
        help: "the distribution of a measured value",
    },
    Line {
        name: "draft", argument: "flag_if|drop_if|remove_lines|replace …", help: "make a rule"
    },
    Line { name: "byte", argument: "NUMBER", help: "go to a byte of the text" },
    Line { name: "session", argument: "", help: "what this session is: seed, frame, reviewer" },
    Line { name: "theme", argument: "dark|light|none", help: "colours" },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique() {
        let ids: HashSet<_> = COMMANDS.iter().map(|spec| spec.id).collect();
        assert_eq!(ids.len(), COMMANDS.len());
        assert!(COMMANDS.iter().all(|spec| !spec.help.is_empty()));
    }
}
