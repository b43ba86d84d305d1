use std::{error::Error, ffi::OsString, fmt, net::IpAddr, path::PathBuf, time::Duration};

const DEFAULT_PORT: u16 = 3000;
/// In seconds. A service behind a load balancer has longer ones; nobody waits for this one.
const DEFAULT_GRACE: f64 = 1.0;
const DEFAULT_DEADLINE: f64 = 5.0;

/// What the command line and the environment ask for.
pub(crate) struct Settings {
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    pub(crate) data_dir: PathBuf,
    pub(crate) traffic: bool,
    /// How long connections are accepted once the process is asked to stop.
    pub(crate) grace: Duration,
    /// For requests and jobs in flight to finish after that.
    pub(crate) deadline: Duration,
}

impl Settings {
    pub(crate) fn read(
        arguments: impl Iterator<Item = String>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, InvalidSettings> {
        let mut traffic = true;
        for argument in arguments {
            match argument.as_str() {
                "--no-traffic" => traffic = false,
                other => {
                    return Err(InvalidSettings(format!(
                        "unknown argument {other:?}; expected nothing or --no-traffic"
                    )));
                }
            }
        }
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let host = match variable("HOST") {
            None => IpAddr::from([127, 0, 0, 1]),
            Some(value) => parsed("HOST", &value, "an IP address, as 127.0.0.1")?,
        };
        let port = match variable("PORT") {
            None => DEFAULT_PORT,
            Some(value) => parsed("PORT", &value, "a number from 0 to 65535")?,
        };
        let data_dir = variable("DATA_DIR").map_or_else(
            || std::env::temp_dir().join("monitor-layer-demo"),
            PathBuf::from,
        );
        let seconds = |name, default| match variable(name) {
            None => Ok(Duration::from_secs_f64(default)),
            Some(value) => parse_seconds(name, &value),
        };
        Ok(Self {
            host,
            port,
            data_dir,
            traffic,
            grace: seconds("GRACE_SECONDS", DEFAULT_GRACE)?,
            deadline: seconds("DEADLINE_SECONDS", DEFAULT_DEADLINE)?,
        })
    }
}

fn parse_seconds(name: &str, value: &OsString) -> Result<Duration, InvalidSettings> {
    let expected = "a number of seconds from 0 on, as 2.5";
    let seconds: f64 = parsed(name, value, expected)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| invalid(name, value, expected))
}

fn parsed<T: std::str::FromStr>(
    name: &str,
    value: &OsString,
    expected: &str,
) -> Result<T, InvalidSettings> {
    value
        .to_str()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| invalid(name, value, expected))
}

fn invalid(name: &str, value: &OsString, expected: &str) -> InvalidSettings {
    InvalidSettings(format!("{name} is {value:?}; expected {expected}"))
}

/// Says which setting cannot be used, and what it takes.
#[derive(Debug)]
pub(crate) struct InvalidSettings(String);

impl fmt::Display for InvalidSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for InvalidSettings {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], port: &str) -> Result<Settings, InvalidSettings> {
        read_with(arguments, "PORT", port)
    }

    fn read_with(
        arguments: &[&str],
        variable: &str,
        value: &str,
    ) -> Result<Settings, InvalidSettings> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        Settings::read(arguments, |name| (name == variable).then(|| value.into()))
    }

    #[test]
    fn what_cannot_be_used_is_named_with_what_is_expected() {
        let refused = |arguments: &[&str], port| read(arguments, port).err().unwrap().to_string();
        assert_eq!(
            refused(&["--quiet"], ""),
            "unknown argument \"--quiet\"; expected nothing or --no-traffic"
        );
        assert_eq!(
            refused(&[], "70000"),
            "PORT is \"70000\"; expected a number from 0 to 65535"
        );
        for bad in ["-1", "soon", "NaN"] {
            let error = read_with(&[], "GRACE_SECONDS", bad)
                .err()
                .unwrap()
                .to_string();
            let expected = "a number of seconds from 0 on, as 2.5";
            assert_eq!(
                error,
                format!("GRACE_SECONDS is {bad:?}; expected {expected}")
            );
        }
    }

    #[test]
    fn what_is_set_to_nothing_is_not_set() {
        let settings = read(&["--no-traffic"], "").unwrap();
        assert_eq!((settings.port, settings.traffic), (3000, false));
    }
}
