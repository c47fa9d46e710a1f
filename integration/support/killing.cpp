#include "integration/support/killing.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

namespace support {
namespace {

using posix::FileDescriptor;

FileDescriptor file_with(const std::string& text) {
  FileDescriptor file{::memfd_create("input", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("make a file in memory");
  posix::write_all(file.get(), text);
  if (::lseek(file.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

[[noreturn]] void become(const FileDescriptor& input, const FileDescriptor& output, char* const* arguments,
                         char* const* environment) {
  ::dup2(input.get(), STDIN_FILENO);
  ::dup2(output.get(), STDOUT_FILENO);
  ::dup2(output.get(), STDERR_FILENO);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execve(arguments[0], arguments, environment);
  ::_exit(1);
}

pid_t start(const Call& call) {
  std::vector<std::string> arguments{executables() + '/' + call.plugin};
  auto environment = environment_of(call);
  const auto input = file_with(call.config.dump());
  const auto output = posix::open_file(AT_FDCWD, "/dev/null", O_WRONLY);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) become(input, output, argument_pointers.data(), environment_pointers.data());
  return child;
}

/// False where the program has ended.
bool await_stop(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for a program");
  }
  return WIFSTOPPED(status);
}

/// To the beginning or the end of its next system call; false where it ended before.
bool step(pid_t child) {
  if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) < 0) posix::throw_errno("trace a program");
  return await_stop(child);
}

}  // namespace

/// The first stop is that of execve; each system call stops at its beginning and at its end.
bool kill_at_system_call(const Call& call, std::size_t number) {
  const pid_t child = start(call);
  if (!await_stop(child)) return false;
  for (std::size_t stop = 0; stop + 1 < 2 * number; ++stop) {
    if (!step(child)) return false;
  }
  ::kill(child, SIGKILL);
  await_stop(child);
  return true;
}

}  // namespace support
