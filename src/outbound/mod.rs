//! Calls to other programs: the one door through which anything leaves this house over HTTP.
//!
//! An address is resolved, every address that it leads to is checked, and the connection goes to the very address
//! that was checked. Private and special networks are refused unless the operator allows them, no redirect is
//! followed, the answer's size and the whole call's time have limits, and no error shows an answer's body.
//!
//! This floor knows no domain.

pub mod addresses;
mod client;

pub use self::addresses::Network;
pub use self::client::{ANSWER_LIMIT_BYTES, Answer, CALL_DEADLINE, Client, Method, OutboundError};
