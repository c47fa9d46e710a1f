#pragma once

namespace posix {

/// Opens descriptors 0-2 if they are closed, and ignores SIGPIPE and SIGXFSZ, so that a write to a closed pipe or
/// beyond RLIMIT_FSIZE returns an error and does not end the process. The umask and the working directory, which
/// delegates inherit, are not changed.
void prepare_process();

/// Drops, permanently, all capabilities except those that a plugin needs to configure networks, to enter network
/// namespaces and to open files of other users. Programs that it runs as root get root's capabilities again.
void drop_capabilities();

/// Sets PR_SET_NO_NEW_PRIVS: programs that this process runs cannot gain privileges.
void forbid_new_privileges();

}  // namespace posix
