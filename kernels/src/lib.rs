//! How text is scanned and hashed
