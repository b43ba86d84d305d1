use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// What a file may name. It gets what it names and nothing else, so that one that names only `monitor_layer` shows
/// that a step needs no other dependency.
const NAMES: [&str; 4] = ["monitor_layer", "async_trait", "futures_util", "tokio"];

/// The folder where cargo put this test binary and what it was built from: to compile a file of a test takes nothing
/// but the compiler, and no build of its own.
fn folder() -> PathBuf {
    let this = env::current_exe().unwrap();
    this.parent().unwrap().to_owned()
}

/// Lends the compiler what the file names.
pub(super) fn lend(command: &mut Command, text: &str) {
    let folder = folder();
    command.arg("-L");
    command.arg(format!("dependency={}", folder.display()));
    for name in NAMES.into_iter().filter(|name| text.contains(name)) {
        let artifact = newest(&folder, name);
        command.arg("--extern");
        command.arg(format!("{name}={}", artifact.display()));
    }
}

/// The crate's artifact as it was built last: older ones are of other features or of other sources.
fn newest(folder: &Path, name: &str) -> PathBuf {
    let library = format!("lib{name}-");
    let macros = format!("{}{name}-", env::consts::DLL_PREFIX);
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let candidates = entries.filter(|path| {
        let file = path.file_name().unwrap().to_string_lossy();
        (file.starts_with(&library) && file.ends_with(".rlib"))
            || (file.starts_with(&macros) && file.ends_with(env::consts::DLL_SUFFIX))
    });
    let modified =
        |path: &PathBuf| -> SystemTime { fs::metadata(path).unwrap().modified().unwrap() };
    candidates
        .max_by_key(modified)
        .unwrap_or_else(|| panic!("no {name} in {}", folder.display()))
}
