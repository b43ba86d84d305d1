use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::program::{installed, program};

/// Node, with the npm packages that `.ci/install-counterparts` has installed.
pub(crate) struct Node {
    binary: PathBuf,
    packages: PathBuf,
}

impl Node {
    /// `None` where there is no Node, or none with these packages.
    pub(crate) fn find() -> Option<Self> {
        Some(Self {
            binary: program("node")?,
            packages: installed("npm")?.join("node_modules"),
        })
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.binary)
    }

    /// The folder of the packages.
    pub(crate) fn packages(&self) -> &Path {
        &self.packages
    }
}
