//! Whether there is an object where a mention says.

use super::finding::Target;
use super::kinds::{Direction, Evidence, Kind, Span, Strength, Verdict};
use super::mention::{Mention, Next};

/// Bytes between a mention and an object of its own kind.
const WINDOW_BYTES: usize = 6000;
/// Bytes between a mention and an object that may be meant.
const NEAR_BYTES: usize = 800;

/// Bytes between a mention and the caption it means.
const CAPTION_BYTES: usize = 250;

/// Kinds that have deictic mentions.
const KINDS: [Kind; 5] = [Kind::Table, Kind::Figure, Kind::Equation, Kind::Listing, Kind::List];

/// The objects that each kind of deictic mention can mean, in order of their start.
#[derive(Debug, Default)]
pub(super) struct DeicticObjects {
    /// By kind: objects of that kind.
    own: [Vec<Span>; KINDS.len()],
    /// By kind: objects that may be meant.
    near: [Vec<Span>; KINDS.len()],
    /// By kind: rests of objects.
    partial: [Vec<Span>; KINDS.len()],
    /// By kind: captions without an object.
    captions: [Vec<Span>; KINDS.len()],
}

impl DeicticObjects {
    pub(super) fn new(targets: &[Target]) -> Self {
        let mut places = Self::default();
        for target in targets {
            for (slot, kind) in KINDS.into_iter().enumerate() {
                let list = match relation(kind, target) {
                    Relation::Own => &mut places.own,
                    Relation::Near => &mut places.near,
                    Relation::Partial => &mut places.partial,
                    Relation::Caption => &mut places.captions,
                    Relation::None => continue,
                };
                if let Some(list) = list.get_mut(slot) {
                    list.push(target.span);
                }
            }
        }
        places
    }

    /// The verdict on a deictic mention, and what was found instead; nothing where all is well.
    pub(super) fn judge(&self, mention: &Mention) -> Option<(Verdict, Option<Span>)> {
        let slot = KINDS.iter().position(|kind| *kind == mention.kind)?;
        let float = matches!(mention.kind, Kind::Table | Kind::Figure);
        // code stands right after the words that announce it
        let below = mention.direction == Direction::Below;
        let window =
            if below && mention.kind == Kind::Listing { WINDOW_BYTES / 3 } else { WINDOW_BYTES };
        let mut own = find(self.own.get(slot)?, mention, window);
        // what is called a chart is often a table
        if own.is_none() && mention.kind == Kind::Figure && mention.strength == Strength::M0 {
            let tables = KINDS.iter().position(|kind| *kind == Kind::Table)?;
            own = find(self.own.get(tables)?, mention, window);
        }
        // a caption right below the mention is the one it means
        let caption = find(self.captions.get(slot)?, mention, CAPTION_BYTES);
        let nearer = caption.filter(|caption| {
            own.is_none_or(|own| match mention.direction {
                Direction::Below => caption.start < own.start,
                Direction::Above => caption.start > own.end,
                Direction::Anywhere => false,
            })
        });
        if let Some(span) = nearer {
            return Some((Verdict::Hollow, Some(span)));
        }
        if below && mention.next == Next::Object {
            return None;
        }
        let window = if float || below { NEAR_BYTES / 3 } else { NEAR_BYTES };
        if own.is_some() || find(self.near.get(slot)?, mention, window).is_some() {
            return None;
        }
        if let Some(span) = find(self.captions.get(slot)?, mention, WINDOW_BYTES / 2) {
            return Some((Verdict::Hollow, Some(span)));
        }
        if let Some(span) = find(self.partial.get(slot)?, mention, NEAR_BYTES) {
            return Some((Verdict::Partial, Some(span)));
        }
        Some((Verdict::Missing, None))
    }
}

enum Relation {
    Own,
    Near,
    Partial,
    Caption,
    None,
}

/// What a target is to a deictic mention of `kind`.
fn relation(kind: Kind, target: &Target) -> Relation {
    let body = target.evidence >= Evidence::Label;
    if target.kind == kind && target.evidence <= Evidence::Caption {
        return Relation::Caption;
    }
    match (kind, target.kind) {
        (Kind::Table, Kind::Table) if !body => Relation::Partial,
        (Kind::Listing | Kind::Equation, Kind::Listing) => {
            if body {
                Relation::Own
            } else {
                Relation::Near
            }
        }
        (Kind::List, Kind::Table) => Relation::Own,
        (a, b) if a == b => {
            if body {
                Relation::Own
            } else {
                Relation::Near
            }
        }
        (Kind::Listing, Kind::Table | Kind::Figure | Kind::Equation | Kind::List)
        | (Kind::Table | Kind::Figure, Kind::Listing | Kind::Figure | Kind::Table)
        | (Kind::List, Kind::Listing | Kind::Figure)
        | (Kind::Table, Kind::List)
        | (Kind::Equation, Kind::Figure)
            if body =>
        {
            Relation::Near
        }
        _ => Relation::None,
    }
}

/// The nearest of `spans` in the mention's direction and at most `window` bytes away.
fn find(spans: &[Span], mention: &Mention, window: usize) -> Option<Span> {
    let Span { start, end } = mention.span;
    let next = spans.partition_point(|span| span.start < end);
    let after = spans.get(next).filter(|span| span.start - end <= window);
    let before = next.checked_sub(1).and_then(|before| spans.get(before));
    // an object that the mention stands inside is no object before it
    let before = before.filter(|span| start.saturating_sub(span.end) <= window);
    match mention.direction {
        Direction::Below => after.or(before.filter(|span| span.end > end)).copied(),
        Direction::Above => before.copied(),
        Direction::Anywhere => after.or(before).copied(),
    }
}
