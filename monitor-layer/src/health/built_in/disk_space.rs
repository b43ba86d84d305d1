use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::health::{
    HealthCheck,
    check::{Answer, Ask},
};

impl HealthCheck {
    /// Healthy where the file system of `path` has this many bytes left for the service.
    ///
    /// ```
    /// use monitor_layer::{HealthCheck, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .check("disk", HealthCheck::disk_space("/var/lib/videos", 512 << 20).optional())
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "disk-checks")))]
    pub fn disk_space(path: impl Into<PathBuf>, minimum: u64) -> Self {
        let path = path.into();
        Self::by(Ask::Blocking(Arc::new(move |_| look(&path, minimum))))
    }
}

fn look(path: &Path, minimum: u64) -> Answer {
    let shown = path.display();
    let left = fs4::available_space(path)
        .map_err(|error| format!("the space left at {shown} cannot be found out: {error}"))?;
    match left >= minimum {
        true => Ok(()),
        false => Err(format!(
            "{left} bytes are left at {shown}; expected {minimum}"
        )),
    }
}
