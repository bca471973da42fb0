//! What a person sees: sampling and the readable form of a document
