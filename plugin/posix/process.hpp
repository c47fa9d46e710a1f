#pragma once

namespace posix {

/// Makes the process independent of how it was started: descriptors 0-2 are open, and a pipe that nobody reads is an
/// error of the write and not the end. What delegates inherit (umask, working directory) stays as it is.
void prepare_process();

}  // namespace posix
