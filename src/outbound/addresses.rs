//! Which addresses a call may go to. Pure.
//!
//! The ranges are those of the IANA registries of special-purpose addresses (IPv4 and IPv6).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix_bits: u32,
}

impl Network {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix_bits: u32) -> Self {
        Network { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_bits }
    }

    const fn v6(segments: [u16; 8], prefix_bits: u32) -> Self {
        let [a, b, c, d, e, f, g, h] = segments;
        Network { base: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), prefix_bits }
    }

    /// Whether the range holds `address`.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32 - self.prefix_bits.min(32);
                base.to_bits().checked_shr(shift).unwrap_or(0) == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128 - self.prefix_bits.min(128);
                base.to_bits().checked_shr(shift).unwrap_or(0) == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' is no network. Write it as 10.0.0.0/8, fd00::/8, or one address.");
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let base: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.unwrap_or(longest);
        if prefix_bits > longest {
            return Err(wrong());
        }
        Ok(Network { base, prefix_bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix_bits)
    }
}

/// Networks that no call goes to unless the operator allows it.
const REFUSED: &[Network] = &[
    Network::v4(0, 0, 0, 0, 8),
    Network::v4(10, 0, 0, 0, 8),
    Network::v4(100, 64, 0, 0, 10),
    Network::v4(127, 0, 0, 0, 8),
    // Link-local, with the metadata address 169.254.169.254 of the clouds.
    Network::v4(169, 254, 0, 0, 16),
    Network::v4(172, 16, 0, 0, 12),
    Network::v4(192, 0, 0, 0, 24),
    Network::v4(192, 0, 2, 0, 24),
    Network::v4(192, 88, 99, 0, 24),
    Network::v4(192, 168, 0, 0, 16),
    Network::v4(198, 18, 0, 0, 15),
    Network::v4(198, 51, 100, 0, 24),
    Network::v4(203, 0, 113, 0, 24),
    // Multicast, reserved and broadcast.
    Network::v4(224, 0, 0, 0, 3),
    // Metadata services that sit on public addresses.
    Network::v4(168, 63, 129, 16, 32),
    Network::v4(100, 100, 100, 200, 32),
];

/// The only part of IPv6 that is given out for the internet at large.
const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Parts of it that are special all the same. NAT64 (`64:ff9b::/96`) lies outside and is read as its IPv4 address.
const REFUSED_V6: &[Network] = &[
    // Teredo, benchmarks, ORCHID and the rest of the protocol assignments.
    Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    Network::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64, 6to4.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let pair = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match segments {
        // `::` and `::1` are special addresses of their own, which the global range leaves out.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(pair(high, low)),
        [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

/// Whether a call may go to `address`, where the operator allows `allowed` in addition to the internet.
pub fn may_call(address: IpAddr, allowed: &[Network]) -> bool {
    if allowed.iter().any(|network| network.holds(address)) {
        return true;
    }
    match address {
        IpAddr::V4(address) => !REFUSED.iter().any(|network| network.holds(IpAddr::V4(address))),
        IpAddr::V6(address) => match inner_v4(address) {
            Some(inner) => may_call(IpAddr::V4(inner), allowed),
            None => {
                let address = IpAddr::V6(address);
                GLOBAL_V6.holds(address) && !REFUSED_V6.iter().any(|network| network.holds(address))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_special_addresses_are_refused_in_every_spelling() {
        for refused in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!may_call(refused.parse().unwrap(), &[]), "{refused}");
        }
        for fine in ["1.1.1.1", "140.82.112.3", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(may_call(fine.parse().unwrap(), &[]), "{fine}");
        }
    }

    #[test]
    fn the_operators_own_network_is_allowed_and_nothing_beside_it() {
        let allowed: Vec<Network> = vec!["10.1.0.0/16".parse().unwrap(), "::1".parse().unwrap()];
        assert!(may_call("10.1.200.3".parse().unwrap(), &allowed));
        assert!(may_call("::ffff:10.1.200.3".parse().unwrap(), &allowed));
        assert!(!may_call("10.2.0.1".parse().unwrap(), &allowed));
        assert!(may_call("::1".parse().unwrap(), &allowed));
        assert!(!may_call("::2".parse().unwrap(), &allowed));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().holds("9.9.9.9".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "intranet", "10.0.0/8"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
