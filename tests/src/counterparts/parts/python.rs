use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{
    Form,
    program::{INSTALLED, absent, program, run},
};
use crate::exposition::{Labels, assert_same, bound_text};

/// Python's `prometheus_client`, which reads both text forms.
pub(crate) struct Python(PathBuf);

/// A number as Python reads it.
struct PythonSample {
    name: String,
    labels: Labels,
    value: f64,
    exemplar: Option<Labels>,
}

impl Python {
    /// `None` where there is no Python, or none with the package.
    pub(crate) fn find() -> Option<Self> {
        let python = Self(program("python3")?);
        let mut import = python.command();
        import.args(["-c", "import prometheus_client"]);
        if !run(import, b"").succeeded {
            absent("Python's prometheus_client");
            return None;
        }
        Some(python)
    }

    /// Asserts that Python takes an exposition and reads the same numbers and exemplars as we do.
    pub(crate) fn agrees(&self, form: Form, exposition: &[u8]) {
        let own = form.read(exposition);
        let samples = self.read(form, exposition);
        let exemplars = samples.iter().filter_map(|sample| sample.exemplar.as_ref());
        let own_exemplars = own.exemplars().map(|(_, exemplar)| &exemplar.labels);
        assert!(exemplars.eq(own_exemplars), "{form:?}");
        let numbers = samples.into_iter().map(|sample| {
            let series = (sample.name, sample.labels);
            (series, format!("{:?}", sample.value))
        });
        let what = format!("Python and we read {}", form.as_str());
        assert_same(&what, &numbers.collect(), &own.numbers());
    }

    fn read(&self, form: Form, exposition: &[u8]) -> Vec<PythonSample> {
        let mut command = self.command();
        command
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/src/counterparts/parts/parse.py"
            ))
            .arg(form.as_str());
        let said = run(command, exposition);
        assert!(said.succeeded, "{form:?}: {}", said.stderr);
        said.stdout.lines().map(PythonSample::of).collect()
    }

    fn command(&self) -> Command {
        let installed = Path::new(INSTALLED).join("python");
        let known = env::var_os("PYTHONPATH").unwrap_or_default();
        let folders = env::split_paths(&known).chain([installed]);
        let mut command = Command::new(&self.0);
        command
            .env("PYTHONPATH", env::join_paths(folders).unwrap())
            // No `__pycache__` among the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

impl PythonSample {
    fn of(line: &str) -> Self {
        let mut sample: Value = serde_json::from_str(line).unwrap();
        let mut labels: Labels = serde_json::from_value(sample["labels"].take()).unwrap();
        if let Some(bound) = labels.get_mut("le") {
            *bound = bound_text(bound.replace("+Inf", "inf").parse().unwrap());
        }
        Self {
            name: sample["name"].as_str().unwrap().to_owned(),
            // A string, for JSON knows neither NaN nor infinity.
            value: sample["value"].as_str().unwrap().parse().unwrap(),
            labels,
            exemplar: serde_json::from_value(sample["exemplar"].take()).unwrap(),
        }
    }
}
