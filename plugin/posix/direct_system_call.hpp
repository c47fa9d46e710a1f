#pragma once

#include <unistd.h>

#include <cerrno>

namespace posix {

// direct_system_call() returns the result of a system call, or the negative errno. If keeps_errno is true it does not
// write errno, so that a process that shares its memory, and so errno, with another one can use it.
#if defined(__x86_64__)

inline constexpr bool keeps_errno = true;

inline long direct_system_call(long number, long first, long second, long third) {
  long result = 0;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

inline constexpr bool keeps_errno = true;

inline long direct_system_call(long number, long first, long second, long third) {
  register long call asm("x8") = number;
  register long argument asm("x0") = first;
  register long next asm("x1") = second;
  register long last asm("x2") = third;
  asm volatile("svc 0" : "+r"(argument) : "r"(call), "r"(next), "r"(last) : "memory");
  return argument;
}

#else

inline constexpr bool keeps_errno = false;

inline long direct_system_call(long number, long first, long second, long third) {
  const long result = ::syscall(number, first, second, third);
  return result < 0 ? -errno : result;
}

#endif

}  // namespace posix
