//! What every page shares: the layout, forms, errors, assets, headers, limits. Knows no domain.

pub mod assets;
pub mod body;
pub mod compress;
mod endless;
pub mod errors;
pub mod fields;
pub mod flash;
pub mod guard;
pub mod health;
pub mod lanes;
pub mod layout;
pub mod metrics;
pub mod multipart;
pub mod problem;
pub mod respond;
pub mod times;
