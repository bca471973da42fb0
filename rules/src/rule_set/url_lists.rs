//! Lists of sites and pages under `url_lists`.

use std::path::Path;

use datafusion::arrow::datatypes::DataType;
use serde_saphyr::Spanned;

use super::loader::Loader;
use super::{NamedList, Place};
use crate::nearest::suggest;
use crate::urls::{self, Reference, UrlList, WrittenList};

impl Loader {
    /// Reads a list and makes its index, so that a run finds it ready.
    #[expect(clippy::needless_pass_by_value, reason = "as the other parts of a file")]
    pub(super) fn url_list(
        &mut self,
        name: String,
        list: &Spanned<WrittenList>,
        file: usize,
        folder: &Path,
    ) {
        let at = list.referenced;
        let WrittenList { path, column } = &list.value;
        let fine = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(fine) {
            let message = format!("'{name}' is no name of a list: letters, digits, - and _");
            return self.note(file, at, message);
        }
        if self.set.url_lists.iter().any(|known| known.reference.name == name) {
            return self.note(file, at, format!("there is a list '{name}' already"));
        }
        let declared = self.set.columns.iter().find(|known| known.name == *column);
        if declared.is_none_or(|known| known.data_type != DataType::Utf8) {
            let near = suggest(column, self.set.columns.iter().map(|known| known.name.as_str()));
            let message = format!(
                "list '{name}' is about the column '{column}', which is not declared as a string{near}: write columns: {{{column}: string}}"
            );
            return self.note(file, at, message);
        }
        let path = folder.join(path);
        let read = urls::read(&path).and_then(|text| {
            let path = std::path::absolute(&path).map_err(|error| error.to_string())?;
            let reference = Reference { name: name.clone(), path, hash: urls::hash(&text) };
            UrlList::open(&name, &text, &reference.hash)?;
            Ok(reference)
        });
        match read {
            Ok(reference) => {
                let at = Place { file, line: at.line(), column: at.column() };
                let column = column.clone();
                self.set.url_lists.push(NamedList { reference, column, at });
            }
            Err(message) => self.note(file, at, format!("list '{name}': {message}")),
        }
    }
}
