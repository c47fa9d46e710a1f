#include "plugin/posix/random.hpp"

#include "plugin/posix/system_error.hpp"

#include <sys/random.h>

namespace posix {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (number == 0) {
    if (::getrandom(&number, sizeof number, 0) < 0) throw_errno("get a random number");
  }
  return number;
}

}  // namespace posix
