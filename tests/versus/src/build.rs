//! How long a compiler takes over steps, beside the same functions without the attribute.
//!
//! The compiler is given one file and what this binary was built from. Its time is what the system has counted of child
//! processes (user time; Linux alone tells it), the least of some rounds in turns.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use versus::table::{Row, Table, Unit};

const FUNCTIONS: usize = 400;
const ROUNDS: usize = 3;
/// Of the time of the bare functions: the compiler's own start is in both.
const MOST: f64 = 1.5;

/// Functions as services have them.
const START: &str = include_str!("../../ui/build/start.rs");
const SHAPES: &str = include_str!("../../ui/build/functions.rs");

pub(crate) fn print(table: &mut Table) {
    if children().is_none() {
        println!("\nthe time of compilers is not measured: /proc/self/stat does not tell it");
        return;
    }
    let folder = env::temp_dir().join(format!("versus-build-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let written = |name: &str, attribute: &str| {
        let file = folder.join(name);
        fs::write(&file, functions(attribute)).unwrap();
        file
    };
    let bare = written("bare.rs", "");
    let step = written("step.rs", "#[monitor_layer::instrument_step]");
    let peer = written("peer.rs", "#[tracing::instrument(skip_all)]");
    for (what, emit) in [
        ("check 400 steps", "--emit=metadata"),
        ("build 400 steps, debug", "--emit=link"),
    ] {
        let mut best = [Duration::MAX; 3];
        for _ in 0..ROUNDS {
            for (best, file) in best.iter_mut().zip([&bare, &step, &peer]) {
                *best = compile(file, emit).min(*best);
            }
        }
        let [bare, step, peer] = best.map(|best| best.as_secs_f64() * 1e3);
        table.print(
            &Row::new(what, Unit::Milliseconds, step)
                .peer("tracing::instrument(skip_all)", peer)
                .peer("the functions without it", bare)
                .ratio_at_most(MOST),
        );
    }
    fs::remove_dir_all(&folder).unwrap();
}

fn functions(attribute: &str) -> String {
    let shapes = SHAPES.replace("pub ", &format!("{attribute}\npub "));
    let repeated = (0..FUNCTIONS / SHAPES.matches("pub ").count())
        .map(|number| shapes.replace("NUMBER", &number.to_string()));
    START.to_owned() + &repeated.collect::<String>()
}

/// User time of one compilation.
fn compile(file: &Path, emit: &str) -> Duration {
    let artifacts = env::current_exe().unwrap().with_file_name("deps");
    let newest = |name: &str| -> PathBuf {
        let prefix = format!("lib{name}-");
        let entries = fs::read_dir(&artifacts).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with(&prefix) && name.ends_with(".rlib")
            })
            .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
            .unwrap()
    };
    let before = children().unwrap();
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--edition=2024", "--crate-type=lib", emit, "-o"]);
    command.arg(file.with_extension("rlib"));
    command
        .arg("-L")
        .arg(format!("dependency={}", artifacts.display()));
    for name in ["monitor_layer", "tracing"] {
        command.arg("--extern");
        command.arg(format!("{name}={}", newest(name).display()));
    }
    let output = command.arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    children().unwrap() - before
}

/// User time of the children that have ended: the 16th field, in hundredths of a second.
fn children() -> Option<Duration> {
    let fields = fs::read_to_string("/proc/self/stat").ok()?;
    // The second is a name, in parentheses, and may have spaces.
    let fields = fields.rsplit_once(')')?.1;
    let ticks: u64 = fields.split_whitespace().nth(13)?.parse().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
