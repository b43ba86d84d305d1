use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::program::{INSTALLED, absent, program};

/// Node, with the npm packages that `.ci/install-counterparts` has installed.
pub(crate) struct Node(PathBuf);

impl Node {
    /// `None` where there is no Node, or none with these packages.
    pub(crate) fn find(packages: &[&str]) -> Option<Self> {
        let node = Self(program("node")?);
        for package in packages {
            if !node.packages().join(package).is_dir() {
                absent(&format!("npm's {package}"));
                return None;
            }
        }
        Some(node)
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.0)
    }

    /// The folder of the packages.
    #[expect(clippy::unused_self, reason = "who has found Node has found them")]
    pub(crate) fn packages(&self) -> PathBuf {
        Path::new(INSTALLED).join("npm/node_modules")
    }
}
