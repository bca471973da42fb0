//! Where a document stands in a run.

/// The column that says where a document stands in the run: the number of its unit, then its
/// position there, so that the order of row ids is input order.
pub(crate) const ROW_ID: &str = "row_id";
/// The column with the ordinal of a row in its unit: what the order of every output goes by.
pub(crate) const POSITION: &str = "position";
/// Bits of a row id that hold the position.
const POSITION_BITS: u32 = 40;

/// The row id of the first document of `unit`.
pub(crate) fn first_row_id(unit: usize) -> u64 {
    (unit as u64) << POSITION_BITS
}

/// The unit and the position in it.
pub(crate) fn unit_and_position(row_id: u64) -> (usize, u64) {
    let unit = usize::try_from(row_id >> POSITION_BITS).unwrap_or(usize::MAX);
    (unit, row_id & ((1 << POSITION_BITS) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_id_is_a_unit_and_a_position() {
        assert_eq!(unit_and_position(first_row_id(3) + 17), (3, 17));
        assert!(first_row_id(1) > first_row_id(0) + (1 << 39));
    }
}
