use std::{error::Error, fmt, io};

/// What was to be served cannot be.
#[derive(Debug)]
pub struct ServeError {
    what: What,
    source: io::Error,
}

#[derive(Debug)]
enum What {
    Endpoints,
    Listener,
}

impl ServeError {
    /// The endpoints' address cannot be listened at.
    pub(crate) const fn endpoints(source: io::Error) -> Self {
        Self {
            what: What::Endpoints,
            source,
        }
    }

    /// The listener takes no connections.
    pub(super) const fn listener(source: io::Error) -> Self {
        Self {
            what: What::Listener,
            source,
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, source } = self;
        match what {
            What::Endpoints => write!(
                formatter,
                "the endpoints' address cannot be listened at: {source}; check that it is this machine's and free"
            ),
            What::Listener => write!(
                formatter,
                "the listener accepts no connections: {source}; check that its socket was bound and listens"
            ),
        }
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
