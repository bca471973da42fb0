//! A list of sites and pages: a file of the user's, and an index of it that is mapped and not read.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fst::{Set, SetBuilder};
use memmap2::Mmap;
use tamis_kernels::{hash128, hex128};

use super::parts::split;

/// Of the forms of the index; another one makes it again.
const FORM: &str = "1";
/// In the set where some entry has a path; no host looks like it.
const HAS_PATHS: &str = "/";
/// Files that a folder of the UT1 form holds.
const PARTS: [&str; 2] = ["domains", "urls"];
/// Steps of a path that are looked up.
const STEPS_MAX: usize = 16;

/// A list that is ready to be asked.
pub struct UrlList {
    set: Set<Mmap>,
    has_paths: bool,
}

/// The text of a list: a file, or the files `domains` and `urls` of a folder.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let one = |path: &Path| {
        let bytes = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("{}: there is no such list", path.display()),
            _ => format!("{}: cannot be read: {error}", path.display()),
        })?;
        // lists hold bytes of older encodings here and there, in remarks and in paths
        Ok::<String, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    if !path.is_dir() {
        return one(path);
    }
    let parts: Vec<PathBuf> = PARTS.iter().map(|part| path.join(part)).collect();
    let there: Vec<&PathBuf> = parts.iter().filter(|part| part.is_file()).collect();
    if there.is_empty() {
        return Err(format!("{}: the folder holds no file 'domains' or 'urls'", path.display()));
    }
    let mut text = String::new();
    for part in there {
        text += &one(part)?;
        text.push('\n');
    }
    Ok(text)
}

/// What names the index of a text.
pub(crate) fn hash(text: &str) -> String {
    hex128(hash128(text.as_bytes()))
}

/// An entry as it is kept: host, or host and path. None for blank lines and remarks; the error is
/// an entry that is none.
fn entry(line: &str) -> Result<Option<Cow<'_, str>>, ()> {
    let line = line.split('#').next().unwrap_or_default().trim();
    // files of hosts have an address before the name
    let line = match line.split_once(char::is_whitespace) {
        Some(("0.0.0.0" | "127.0.0.1" | "::1" | "::", name)) => name.trim(),
        Some(_) => return Err(()),
        None => line,
    };
    let line = line.trim_start_matches("*.").trim_start_matches('.');
    if line.is_empty() {
        return Ok(None);
    }
    let (host, path) = split(line).ok_or(())?;
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Ok(Some(host));
    }
    Ok(Some(Cow::Owned(format!("{host}{path}"))))
}

impl UrlList {
    /// Opens the index of a text, and makes it where there is none; `name` is for errors.
    pub(crate) fn open(name: &str, text: &str, hash: &str) -> Result<Arc<Self>, String> {
        let path = cache().join(format!("urls-{FORM}-{hash}.fst"));
        if !path.is_file() {
            build(name, text, &path)?;
        }
        Self::map(&path).map(Arc::new)
    }

    /// Makes the index of a text at `path`, whatever is there, and opens it; `name` is for errors.
    pub fn build(name: &str, text: &str, path: &Path) -> Result<Self, String> {
        build(name, text, path)?;
        Self::map(path)
    }

    /// Maps the index that was made before.
    pub(crate) fn open_made(hash: &str) -> Option<Arc<Self>> {
        let path = cache().join(format!("urls-{FORM}-{hash}.fst"));
        Self::map(&path).ok().map(Arc::new)
    }

    fn map(path: &Path) -> Result<Self, String> {
        let broken = |error: &dyn std::fmt::Display| {
            format!("{}: the index of a list cannot be used, remove it: {error}", path.display())
        };
        let file = File::open(path).map_err(|error| broken(&error))?;
        #[expect(unsafe_code, reason = "a file of millions of entries is not read into memory")]
        // SAFETY: the file was renamed into place when it was whole, and nobody writes to it.
        let map = unsafe { Mmap::map(&file) }.map_err(|error| broken(&error))?;
        let set = Set::new(map).map_err(|error| broken(&error))?;
        let has_paths = set.contains(HAS_PATHS);
        Ok(Self { set, has_paths })
    }

    /// Entries of the list.
    pub fn len(&self) -> usize {
        self.set.len() - usize::from(self.has_paths)
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry that an address is under: its host or one that ends it, `a.org` for
    /// `https://www.a.org/x`, or a page and what lies under it, `a.org/x` for `a.org/x/y?z`.
    pub fn entry(&self, url: &str) -> Option<String> {
        let (host, path) = split(url)?;
        let mut name: &str = &host;
        loop {
            if self.set.contains(name) {
                return Some(name.to_owned());
            }
            match name.split_once('.') {
                Some((_, rest)) => name = rest,
                None => return self.page(&host, path),
            }
        }
    }

    fn page(&self, host: &str, path: &str) -> Option<String> {
        if !self.has_paths || path.is_empty() {
            return None;
        }
        let host = host.strip_prefix("www.").unwrap_or(host);
        let whole = path.split('#').next().unwrap_or_default();
        for name in [host.to_owned(), format!("www.{host}")] {
            let page = format!("{name}{whole}");
            let start = name.len() + 1;
            let ends = page.get(start..).unwrap_or_default().match_indices(['/', '?']);
            let ends = ends.take(STEPS_MAX).map(|(at, _)| start + at).chain([page.len()]);
            for end in ends {
                let step = page.get(..end).unwrap_or_default().trim_end_matches('/');
                if step.contains('/') && self.set.contains(step) {
                    return Some(step.to_owned());
                }
            }
        }
        None
    }
}

/// Where indexes are kept: `TAMIS_CACHE`, or the user's folder for such files.
fn cache() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = of("TAMIS_CACHE") {
        return PathBuf::from(folder);
    }
    let home = || of("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let base = of("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    base.unwrap_or_else(std::env::temp_dir).join("tamis")
}

/// Writes the index of `text` under a name of its own and renames it when it is whole.
fn build(name: &str, text: &str, path: &Path) -> Result<(), String> {
    let mut entries: Vec<Cow<'_, str>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match entry(line) {
            Ok(found) => entries.extend(found),
            Err(()) => {
                return Err(format!(
                    "{name}, entry {}: '{}' is neither a host nor an address",
                    number + 1,
                    line.trim().chars().take(60).collect::<String>()
                ));
            }
        }
    }
    if entries.is_empty() {
        return Err(format!("{name}: the list has no entry"));
    }
    if entries.iter().any(|entry| entry.contains('/')) {
        entries.push(Cow::Borrowed(HAS_PATHS));
    }
    entries.sort_unstable();
    entries.dedup();
    let folder = path.parent().unwrap_or(Path::new("."));
    let trouble = |error: &dyn std::fmt::Display| {
        format!(
            "{}: the index of a list cannot be written, TAMIS_CACHE names another folder: {error}",
            folder.display()
        )
    };
    std::fs::create_dir_all(folder).map_err(|error| trouble(&error))?;
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let write = || -> Result<(), fst::Error> {
        let mut builder = SetBuilder::new(BufWriter::new(File::create(&unfinished)?))?;
        for entry in &entries {
            builder.insert(entry.as_bytes())?;
        }
        builder.into_inner()?.flush()?;
        std::fs::rename(&unfinished, path)?;
        Ok(())
    };
    write().map_err(|error| trouble(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<UrlList, String> {
        let folder = std::env::temp_dir().join(format!("tamis-urls-{}", std::process::id()));
        let path = folder.join(format!("{}.fst", hash(text)));
        UrlList::build("l", text, &path)
    }

    #[test]
    fn an_entry_stands_for_what_is_under_it() {
        let list = list(
            "# remarks\na.org\nB.com # shop\n\n0.0.0.0 ads.c.net\n*.d.org\nhttp://e.org/x/y/\n\
             bücher.example\n8.8.8.8\nf.org/page?id=3\n",
        )
        .unwrap();
        assert_eq!(list.len(), 8);
        for (url, entry) in [
            ("https://www.a.org/x", Some("a.org")),
            ("a.org", Some("a.org")),
            ("https://aa.org", None),
            ("https://org", None),
            ("http://b.COM:80/", Some("b.com")),
            ("http://c.net", None),
            ("http://x.ads.c.net", Some("ads.c.net")),
            ("http://d.org", Some("d.org")),
            ("http://e.org/x", None),
            ("http://e.org/x/y", Some("e.org/x/y")),
            ("http://www.e.org/x/y/z?q#f", Some("e.org/x/y")),
            ("http://e.org/x/yy", None),
            ("http://bücher.example/", Some("xn--bcher-kva.example")),
            ("http://8.8.8.8/x", Some("8.8.8.8")),
            ("http://f.org/page?id=3", Some("f.org/page?id=3")),
            ("http://f.org/page?id=33", None),
            ("", None),
        ] {
            assert_eq!(list.entry(url).as_deref(), entry, "{url}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let error = |text: &str| list(text).err().unwrap();
        assert!(error("a.org\ntwo words\n").contains("entry 2: 'two words' is neither"));
        assert!(error("# nothing\n").contains("has no entry"));
        assert!(read(Path::new("/no/such/list")).unwrap_err().contains("there is no such list"));
    }
}
