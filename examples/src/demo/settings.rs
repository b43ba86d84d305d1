use std::{error::Error, ffi::OsString, fmt, net::IpAddr, path::PathBuf};

const DEFAULT_PORT: u16 = 3000;

/// What the command line and the environment ask for.
pub(crate) struct Settings {
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    pub(crate) data_dir: PathBuf,
    pub(crate) traffic: bool,
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
        Ok(Self {
            host,
            port,
            data_dir,
            traffic,
        })
    }
}

fn parsed<T: std::str::FromStr>(
    name: &str,
    value: &OsString,
    expected: &str,
) -> Result<T, InvalidSettings> {
    value
        .to_str()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| InvalidSettings(format!("{name} is {value:?}; expected {expected}")))
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
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        Settings::read(arguments, |name| (name == "PORT").then(|| port.into()))
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
    }

    #[test]
    fn what_is_set_to_nothing_is_not_set() {
        let settings = read(&["--no-traffic"], "").unwrap();
        assert_eq!((settings.port, settings.traffic), (3000, false));
    }
}
