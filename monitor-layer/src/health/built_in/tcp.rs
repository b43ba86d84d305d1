use std::{
    net::{TcpStream, ToSocketAddrs as _},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::health::{
    HealthCheck,
    check::{Answer, Ask},
};

const INVALID: &str =
    "connects to something that is no address; expected one as broker.internal:5672";

impl HealthCheck {
    /// Healthy where a connection to `host:port` can be made: at any of the host's addresses, which is looked up each
    /// time.
    ///
    /// A server that hangs may well take connections: ask it something where you can.
    ///
    /// ```
    /// use monitor_layer::{HealthCheck, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .check("broker", HealthCheck::tcp("broker.internal:5672"))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn tcp(address: impl Into<String>) -> Self {
        let address = address.into();
        if !is_address(&address) {
            return Self::by(Ask::Invalid(INVALID));
        }
        Self::by(Ask::Blocking(Arc::new(move |limit| {
            connect(&address, limit)
        })))
    }
}

fn is_address(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn connect(address: &str, limit: Duration) -> Answer {
    let start = Instant::now();
    let found = address
        .to_socket_addrs()
        .map_err(|error| format!("{address} cannot be looked up: {error}"))?;
    let mut problem = format!("{address} has no address");
    for address in found {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(_) => return Ok(()),
            Err(error) => problem = format!("{address} takes no connection: {error}"),
        }
    }
    Err(problem)
}
