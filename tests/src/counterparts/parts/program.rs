use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

/// Set to `required`, it makes a counterpart that is absent a failure.
const SWITCH: &str = "MONITOR_LAYER_COUNTERPARTS";
/// Where `.ci/install-counterparts` puts what it unpacks.
pub(super) const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/counterparts");

/// The program of this name; `None`, and a line that says so, where it is not installed and need not be.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = Path::new(INSTALLED).join("bin");
    let found = env::split_paths(&path)
        .chain([installed])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        absent(name);
    }
    found
}

/// The folder of this name that `.ci/install-counterparts` has made; `None`, and a line that says so, as above.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let folder = Path::new(INSTALLED).join(name);
    if !folder.is_dir() {
        absent(name);
        return None;
    }
    Some(folder)
}

/// Tells that a counterpart is not there; fails where it has to be.
pub(super) fn absent(name: &str) {
    assert_ne!(
        env::var(SWITCH).as_deref(),
        Ok("required"),
        "{name} is not installed; .ci/install-counterparts does it"
    );
    let test = thread::current().name().unwrap_or("a test").to_owned();
    // Past what the test harness captures, for it shows nothing of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "skipped {test}: {name} is not installed; .ci/install-counterparts does it"
    );
}

/// What a program says and how it ends, given this input.
pub(crate) fn run(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // One that ends early has said what it had to say.
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    });
    Output {
        succeeded: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Output {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process that ends with its drop.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that is over already is no problem.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
