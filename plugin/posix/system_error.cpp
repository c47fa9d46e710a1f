#include "plugin/posix/system_error.hpp"

#include <cerrno>

namespace posix {

std::system_error system_error(int error, const std::string& act) { return {error, std::generic_category(), act}; }

void throw_errno(const std::string& act) { throw system_error(errno, act); }

}  // namespace posix
