#pragma once

namespace posix {

/// Makes the process independent of how it was started: descriptors 0-2 are open, and a pipe that nobody reads or a
/// file that may not grow (RLIMIT_FSIZE) is an error of the write and not the end. What delegates inherit (umask,
/// working directory) stays as it is.
void prepare_process();

/// Gives up, for good, all capabilities but those that a plugin may need: to change networks and enter their
/// namespaces, and to open what belongs to other users. Programs that it runs as root have root's again.
void drop_capabilities();

/// From now on no program that this process might run has more rights than itself.
void forbid_new_privileges();

}  // namespace posix
