//! Results of the C interface.
use crate::sys;
use std::{ffi::CStr, fmt};

/// What a call came to, when not to success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Status {
    InvalidArgument,
    NotSupported,
    System,
    Timeout,
    Closed,
    Protocol,
    BadHandle,
    Busy,
    WrongState,
    TooSmall,
    Refused,
    NoMemory,
    Internal,
}

const STATUSES: [Status; 13] = [
    Status::InvalidArgument,
    Status::NotSupported,
    Status::System,
    Status::Timeout,
    Status::Closed,
    Status::Protocol,
    Status::BadHandle,
    Status::Busy,
    Status::WrongState,
    Status::TooSmall,
    Status::Refused,
    Status::NoMemory,
    Status::Internal,
];

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which kind of failure.
    pub status: Status,
    /// One line for a person.
    pub line: String,
    /// errno of the system call behind it, or 0.
    pub os_error: i32,
}

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl std::error::Error for Error {}

/// The result of a call that has just returned on this thread.
pub(crate) fn check(status: i32) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: both give strings that end in NUL and live until this thread's next failure.
    let (line, os_error) = unsafe { (CStr::from_ptr(sys::lowmeg_error_line()), sys::lowmeg_error_errno()) };
    Err(Error {
        status: STATUSES.get((status - 1) as usize).copied().unwrap_or(Status::Internal),
        line: line.to_string_lossy().into_owned(),
        os_error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_the_numbers_of_the_header() {
        let name = |status| unsafe { CStr::from_ptr(sys::lowmeg_status_name(status)) }.to_str().unwrap();
        assert_eq!((name(0), name(7), name(13)), ("ok", "handle", "internal"));
        assert_eq!((STATUSES[6], STATUSES[12]), (Status::BadHandle, Status::Internal));
        assert_eq!(name(14), "unknown");
    }
}
