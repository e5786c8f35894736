//! The entries folder: what is in it ([`scan`]), when to look ([`watch`], [`settle`]), and which names
//! count ([`names`]), by which conventions they are read ([`conventions`], [`reading`]), what was renamed
//! ([`renames`]), and where the system does not tell of every change ([`disk`]).
//!
//! Events are hints, the folder is the truth: nothing here says what changed, only where it may be
//! worth to look, and what is there when one looks.

pub mod conventions;
pub mod disk;
pub mod names;
mod probe;
pub mod reading;
pub mod renames;
pub mod scan;
pub mod settle;
pub mod stamp;
pub mod watch;
