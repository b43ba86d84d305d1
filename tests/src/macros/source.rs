use std::{
    fs,
    path::{Path, PathBuf},
};

use super::compiler::TESTS;

/// The files of a folder under `tests`, in order, named from there.
pub(super) fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(TESTS).join(folder)).unwrap();
    let names = entries.map(|entry| Path::new(folder).join(entry.unwrap().file_name()));
    let mut files: Vec<_> = names
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "nothing in {folder}");
    files
}

pub(super) fn read(file: &Path) -> String {
    fs::read_to_string(Path::new(TESTS).join(file)).unwrap()
}

/// The text with a comment of the same length in place of each `#[instrument_step]` and of its import: all else stays
/// where it is.
pub(super) fn without_steps(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, length)) = next_step(rest) {
        bare.push_str(&rest[..start]);
        bare.push_str("/*");
        bare.extend(std::iter::repeat_n('-', length - 4));
        bare.push_str("*/");
        rest = &rest[start + length..];
    }
    bare.push_str(rest);
    bare
}

fn next_step(text: &str) -> Option<(usize, usize)> {
    let import = |name: &str| text.find(name).map(|start| (start, name.len()));
    let global = import("use ::monitor_layer::instrument_step;");
    let import = import("use monitor_layer::instrument_step;");
    let attribute = text.find("#[instrument_step").map(|start| {
        let end = text[start..].find(']').unwrap();
        (start, end + 1)
    });
    [global, import, attribute].into_iter().flatten().min()
}

#[test]
fn a_bare_file_has_everything_else_in_its_place() {
    let text = "use monitor_layer::instrument_step;\n#[instrument_step(name = \"a\")] fn a() {}";
    let bare = "/*-------------------------------*/\n/*--------------------------*/ fn a() {}";
    assert_eq!(without_steps(text), bare);
}
