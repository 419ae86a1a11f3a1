// stdin, stdout and stderr as a command may meet them: closed, full, or with nobody at the other end.
#pragma once

namespace cli {

/// First thing in main(), before anything opens a descriptor. Where 0, 1 or 2 is closed, /dev/null takes its
/// place, opened the wrong way round, so that reading or writing there fails as on a closed descriptor: else
/// the next file opened, the guest's RAM say, would be written to as stderr. A reader that has gone (SIGPIPE)
/// and a file at its limit (SIGXFSZ) become errors of a write.
void secure_standard_streams();

/// Last thing in main(): writes out what stdout still holds. The exit status: `status`, but 1 instead of 0
/// when anything written to stdout was lost, with one line that says so.
int settle_stdout(int status);

}  // namespace cli
