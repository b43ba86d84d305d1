use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use http::Extensions;

/// A network of IP addresses: `10.0.0.0/8`, `fd00::/8`, or a single address.
///
/// ```
/// use monitor_layer::Network;
///
/// let private: Network = "10.0.0.0/8".parse()?;
/// assert!(private.contains("10.1.2.3".parse().unwrap()));
/// assert!(private.contains("::ffff:10.1.2.3".parse().unwrap()));
/// assert!("10.0.0.0/33".parse::<Network>().is_err());
/// # Ok::<_, monitor_layer::InvalidNetwork>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// In bits.
    prefix: u32,
}

impl Network {
    /// Whether the address is one of it. An IPv4 address written as an IPv6 one is what it stands for.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let different = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        different >= self.prefix
    }
}

/// This address alone.
impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            prefix: bits(address),
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let Some(prefix) = prefix else {
            return Ok(address.into());
        };
        let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().map_err(|_| invalid())?;
        if !is_number || prefix > bits(address) {
            return Err(invalid());
        }
        Ok(Self { address, prefix })
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidNetwork(String);

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?} is no network; expected an address, or an address and its prefix as 10.0.0.0/8",
            self.0
        )
    }
}

impl Error for InvalidNetwork {}

/// Who is at the other end of the connection, left on a request's extensions for a
/// [`TrustPolicy`](crate::TrustPolicy) to read. With the feature `axum`, `ConnectInfo<SocketAddr>` does as well.
///
/// Headers as `x-forwarded-for` are for anybody to write: what stands there belongs here only behind a proxy that sets
/// it itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.ip())
    }
}

impl PeerAddress {
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        if let Some(own) = extensions.get::<Self>() {
            return Some(*own);
        }
        #[cfg(feature = "axum")]
        if let Some(info) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
            return Some(info.0.into());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        let network: Network = network.parse().unwrap();
        network.contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_a_network_if_it_begins_alike() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("192.168.4.0/22", "192.168.7.255"));
        assert!(!contains("192.168.4.0/22", "192.168.8.0"));
        assert!(contains("fd00::/8", "fdff::1") && !contains("fd00::/8", "fe00::"));
    }

    #[test]
    fn a_prefix_of_0_is_every_address_of_its_kind_and_none_is_one_address() {
        assert!(contains("0.0.0.0/0", "255.1.2.3") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("::/0", "ff::") && !contains("::/0", "127.0.0.1"));
        assert!(contains("127.0.0.1", "127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("127.0.0.1/32", "127.0.0.1") && contains("::1/128", "::1"));
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_what_it_stands_for() {
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(contains("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!contains("::/0", "::ffff:10.0.0.1"));
    }

    #[test]
    fn what_is_no_network_says_so() {
        for bad in [
            "",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "a/8",
            "1.2.3.4/+8",
            "1.2.3.4/-1",
        ] {
            let error = bad.parse::<Network>().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{bad:?} is no network")),
                "{error}"
            );
        }
    }
}
