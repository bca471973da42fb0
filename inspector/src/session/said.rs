//! Between the words of the screen and those of the log.

use crate::review::{Act, Line, Said, Seen};
use crate::ui::backend::Said as Spoken;

/// What the screen says, for the log.
pub(super) fn to_log(said: &Spoken, seen: &Seen, sampled: bool) -> (Seen, Said) {
    let seen = Seen { sampled, ..seen.clone() };
    let said = match said {
        Spoken::Label(verdict, kinds) => {
            Said::Label { verdict: *verdict, kinds: kinds.clone(), note: None }
        }
        Spoken::Flag(flagged) => Said::Flag(*flagged),
        Spoken::Note(note) => Said::Note(note.clone()),
    };
    (seen, said)
}

/// A line in force, for the screen; none of those that turn another one.
pub(super) fn to_screen(line: &Line) -> Option<(u64, Spoken, Seen)> {
    let said = match line.act {
        Act::Label => Spoken::Label(line.verdict?, line.kinds.clone()),
        Act::Flag => Spoken::Flag(line.flagged == Some(true)),
        Act::Note => Spoken::Note(line.note.clone()),
        Act::Undo | Act::Redo => return None,
    };
    let seen = Seen {
        document_id: line.document_id.clone(),
        id: line.id.clone(),
        content_hash: line.content_hash.clone(),
        spent_ms: line.spent_ms,
        stratum: line.stratum.clone(),
        size: line.size,
        rules: line.rules.clone(),
        sampled: line.sampled,
        repeat: line.repeat,
    };
    Some((line.seq, said, seen))
}
