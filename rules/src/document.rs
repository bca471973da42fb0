//! One document and the views of its text that annotators share.
use std::marker::PhantomData;
/// Reusable buffers.
#[derive(Default)]
pub struct Scratch {}
/// One document.
pub struct Document<'a> { text: &'a str, _s: PhantomData<&'a mut Scratch> }
impl<'a> Document<'a> {
    /// A document over `text`.
    pub fn new(text: &'a str, _scratch: &'a mut Scratch) -> Self { Self { text, _s: PhantomData } }
    /// The text.
    pub fn text(&self) -> &'a str { self.text }
}
