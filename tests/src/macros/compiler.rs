use std::{
    env, fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
};

use super::{artifacts, diagnostic::Diagnostic, scratch::Scratch};

/// Where the files are named from, so that messages name them as the repository does.
pub(super) const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// Asked about one file at a time.
#[derive(Clone, Copy)]
pub(super) enum Compiler {
    Rustc,
    /// rustc with the warnings of clippy, pedantic ones included.
    Clippy,
}

impl Compiler {
    /// Clippy, and a line that says so where it is not installed.
    pub(super) fn clippy() -> Option<Self> {
        let installed = Command::new("clippy-driver").arg("--version").output();
        match installed {
            Ok(output) if output.status.success() => Some(Self::Clippy),
            _ => {
                // Past what the test harness captures, for it shows nothing of a test that passes.
                let _ = writeln!(
                    io::stderr(),
                    "skipped what clippy says: clippy-driver is not installed"
                );
                None
            }
        }
    }

    /// What it says of the file, and nothing is built.
    pub(super) fn check(self, file: &Path, arguments: &[&str]) -> Vec<Diagnostic> {
        let folder = Scratch::new();
        let mut command = self.command(file, &folder.file("library"));
        command.args(["--crate-type=lib", "--emit=metadata", "--error-format=json"]);
        let said = command.args(arguments).output().unwrap();
        String::from_utf8(said.stderr)
            .unwrap()
            .lines()
            .filter_map(Diagnostic::read)
            .collect()
    }

    /// What the file prints when it is run as a program.
    pub(super) fn run(self, file: &Path) -> String {
        let folder = Scratch::new();
        let program = folder.file("program");
        succeed(&mut self.command(file, &program));
        succeed(&mut Command::new(program))
    }

    /// The file with its macros expanded, as the compiler prints it.
    pub(super) fn expand(self, file: &Path) -> String {
        let folder = Scratch::new();
        let mut command = self.command(file, &folder.file("expanded"));
        // Of nightly, or where it is told that it is.
        command.env("RUSTC_BOOTSTRAP", "1");
        command.args(["--crate-type=lib", "-Zunpretty=expanded"]);
        succeed(&mut command);
        fs::read_to_string(folder.file("expanded")).unwrap()
    }

    fn command(self, file: &Path, output: &Path) -> Command {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = match self {
            Self::Rustc => Command::new(rustc),
            Self::Clippy => Command::new("clippy-driver"),
        };
        command.current_dir(TESTS);
        // Flags of whoever runs the tests are not the files'.
        command.env_remove("CLIPPY_ARGS").env_remove("RUSTFLAGS");
        command
            .args(["--edition=2024", "--crate-name=file", "-o"])
            .arg(output);
        artifacts::lend(
            &mut command,
            &fs::read_to_string(Path::new(TESTS).join(file)).unwrap(),
        );
        if matches!(self, Self::Clippy) {
            command.args(["-Wclippy::all", "-Wclippy::pedantic"]);
        }
        command.arg(file);
        command
    }
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} said {said}");
    String::from_utf8(output.stdout).unwrap()
}
