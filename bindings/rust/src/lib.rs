//! The first megabyte of a PC for hypervisors: the host bridge of the 440BX and 440FX with its PAM registers.
//!
//! Safe wrappers over liblowmeg's C interface, without dependencies. What PAM changes comes to a closure of the
//! caller's, as ranges with states ([`Bridge::over_changes`]), as whole maps ([`Bridge::over_maps`]), or as messages
//! of the GET protocol for a host ([`Bridge::over_host`]). A closure that panics counts as one that refuses.
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

mod bridge;
mod error;
mod get;
mod sys;

pub use bridge::{Bridge, Change, ConfigPorts, Identity, Map, Region, Route, Segments, State};
pub use error::{Error, Result, Status};
pub use get::{Client, ClientState, HostOptions};

/// The version of the C interface that the loaded library has.
pub fn c_api_version() -> u32 {
    // SAFETY: no arguments.
    unsafe { sys::lowmeg_c_api_version() }
}
