//! The functions over addresses that conditions use.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, StringArray, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use serde::{Deserialize, Serialize};

use super::list::{self, UrlList};
use super::parts;

/// A part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum AddressPart {
    Host,
    Domain,
    Suffix,
}

impl AddressPart {
    const ALL: [Self; 3] = [Self::Host, Self::Domain, Self::Suffix];

    fn name(self) -> &'static str {
        match self {
            Self::Host => "url_host",
            Self::Domain => "url_domain",
            Self::Suffix => "url_suffix",
        }
    }
}

/// `url_host(url)`, `url_domain(url)`, `url_suffix(url)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct UrlPart {
    part: AddressPart,
    signature: Signature,
}

/// `tamis_url_list(url, reference)`: the entry that an address is under, empty where it is under
/// none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Listed {
    signature: Signature,
}

/// A list as a constant argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Of its text, which names the index.
    pub(crate) hash: String,
}

impl Reference {
    pub(crate) fn to_json(&self) -> String {
        // a struct of strings always has a JSON form
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The list, opened once in a process. On another machine its index is made again from the
    /// file, if that still is what it was.
    pub(crate) fn open(&self) -> Result<Arc<UrlList>, String> {
        static OPEN: LazyLock<Mutex<BTreeMap<String, Arc<UrlList>>>> =
            LazyLock::new(Mutex::default);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(&self.hash) {
            return Ok(Arc::clone(known));
        }
        let opened = if let Some(list) = UrlList::open_made(&self.hash) {
            list
        } else {
            let text = list::read(&self.path)?;
            if list::hash(&text) != self.hash {
                return Err(format!("{}: the list has changed since", self.path.display()));
            }
            UrlList::open(&self.name, &text, &self.hash)?
        };
        open.insert(self.hash.clone(), Arc::clone(&opened));
        Ok(opened)
    }
}

/// Every function over addresses.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    let part = |part: AddressPart| {
        let signature = Signature::string(1, Volatility::Immutable);
        Arc::new(ScalarUDF::from(UrlPart { part, signature }))
    };
    let mut all: Vec<Arc<ScalarUDF>> = AddressPart::ALL.into_iter().map(part).collect();
    all.push(listed());
    all
}

/// The function that asks a list.
pub(crate) fn listed() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Listed { signature: Signature::any(2, Volatility::Immutable) }))
}

fn texts(value: &ColumnarValue, rows: usize) -> Result<ArrayRef> {
    Ok(cast(&value.to_array(rows)?, &DataType::Utf8)?)
}

fn strings(array: &ArrayRef) -> Result<&StringArray> {
    array
        .as_any()
        .downcast_ref::<StringArray>()
        .ok_or_else(|| exec_datafusion_err!("an address is a text"))
}

impl ScalarUDFImpl for UrlPart {
    fn name(&self) -> &'static str {
        self.part.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [urls] = args.args.as_slice() else {
            return exec_err!("{} takes an address", self.part.name());
        };
        let urls = texts(urls, args.number_rows)?;
        let mut found = StringBuilder::new();
        for url in strings(&urls)? {
            let host = url.and_then(parts::host);
            found.append_option(match self.part {
                AddressPart::Host => host.as_deref(),
                AddressPart::Domain => host.as_deref().and_then(parts::domain),
                AddressPart::Suffix => host.as_deref().and_then(parts::suffix),
            });
        }
        Ok(ColumnarValue::Array(Arc::new(found.finish())))
    }
}

impl ScalarUDFImpl for Listed {
    fn name(&self) -> &'static str {
        "tamis_url_list"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [urls, ColumnarValue::Scalar(ScalarValue::Utf8(Some(reference)))] =
            args.args.as_slice()
        else {
            return exec_err!("tamis_url_list takes an address and a literal");
        };
        let reference: Reference = serde_json::from_str(reference)
            .map_err(|error| exec_datafusion_err!("tamis_url_list: {error}"))?;
        let list = reference.open().map_err(|error| exec_datafusion_err!("{error}"))?;
        let urls = texts(urls, args.number_rows)?;
        let mut found = StringBuilder::new();
        for url in strings(&urls)? {
            match url {
                Some(url) => found.append_value(list.entry(url).unwrap_or_default()),
                None => found.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(found.finish())))
    }
}
