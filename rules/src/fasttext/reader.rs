//! Little-endian values from foreign bytes.

/// A place in the bytes of a model.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'b [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("the model ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or("the model ends too early")?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, String> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn i32(&mut self) -> Result<i32, String> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, String> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64, String> {
        self.array().map(f64::from_le_bytes)
    }

    /// A number of 32 bits from 0 to `most`.
    pub(super) fn size(&mut self, most: usize, what: &str) -> Result<usize, String> {
        let value = self.i32()?;
        usize::try_from(value)
            .ok()
            .filter(|size| *size <= most)
            .ok_or_else(|| format!("{value} is no {what}"))
    }

    /// A number of 64 bits of which `width` bytes each follow.
    pub(super) fn long(&mut self, what: &str) -> Result<usize, String> {
        let value = self.i64()?;
        usize::try_from(value).map_err(|_| format!("{value} is no {what}"))
    }

    /// `count` numbers of single precision.
    pub(super) fn floats(&mut self, count: usize) -> Result<Vec<f32>, String> {
        let bytes = count.checked_mul(4).ok_or("the model ends too early")?;
        let (values, _) = self.bytes(bytes)?.as_chunks::<4>();
        Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }

    /// Bytes up to a zero, which is passed.
    pub(super) fn word(&mut self) -> Result<&'b [u8], String> {
        let end = memchr::memchr(0, self.rest).ok_or("the model ends within a word")?;
        let word = self.bytes(end)?;
        self.byte()?;
        Ok(word)
    }
}
