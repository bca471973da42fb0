//! Numbers of documents in survivor order.

use datafusion::common::Result;

use crate::table::batch::columns;
use crate::table::cursor::SortedCursor;
use crate::table::names::RANK;
use crate::table::row_id::unit_and_position;

/// The number in survivor order of the document at `place`: by `ranks`, or input order where there
/// are none.
pub(crate) fn rank_of(
    place: u64,
    bases: &[u64],
    ranks: Option<&mut SortedCursor>,
) -> Result<Option<u64>> {
    let Some(ranks) = ranks else {
        let (unit, position) = unit_and_position(place);
        return Ok(Some(bases.get(unit).copied().unwrap_or(0) + position));
    };
    let Some((found, at)) = ranks.seek(place)? else { return Ok(None) };
    Ok(columns(found, [RANK])?[0].get(at).copied())
}
