// A program is traced from its first instruction on, and let go as soon as the fault has befallen it.
#include "integration/support/fault.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

namespace support {
namespace {

using posix::FileDescriptor;

constexpr int of_a_system_call = SIGTRAP | 0x80;

FileDescriptor file_with(const std::string& text) {
  FileDescriptor file{::memfd_create("stream", MFD_CLOEXEC)};
  if (!file) posix::throw_errno("make a file in memory");
  posix::write_all(file.get(), text);
  if (::lseek(file.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  return file;
}

std::string text_of(const FileDescriptor& file) {
  constexpr std::size_t limit = 1 << 20;
  if (::lseek(file.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  return posix::read_to_end(file.get(), limit, std::chrono::seconds{1});
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct Streams {
  FileDescriptor input;
  FileDescriptor output = file_with("");
  FileDescriptor error = file_with("");
};

/// Its patience goes along as an alarm, which execve keeps.
[[noreturn]] void become(const Streams& streams, unsigned patience, char* const* arguments, char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(streams.input.get(), STDIN_FILENO);
  ::dup2(streams.output.get(), STDOUT_FILENO);
  ::dup2(streams.error.get(), STDERR_FILENO);
  ::alarm(patience);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execve(arguments[0], arguments, environment);
  ::_exit(1);
}

pid_t start(const Call& call, const Streams& streams) {
  std::vector<std::string> arguments{executables() + '/' + call.plugin};
  auto environment = environment_of(call);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const auto patience = static_cast<unsigned>(call.patience.count());
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) become(streams, patience, argument_pointers.data(), environment_pointers.data());
  return child;
}

void ask(int request, pid_t child, long data) {
  if (::ptrace(static_cast<__ptrace_request>(request), child, nullptr, data) < 0) posix::throw_errno("trace a program");
}

class Tracee {
 public:
  /// The first stop is at the end of execve.
  explicit Tracee(pid_t child) : child_(child) {
    wait();
    if (!has_ended()) ask(PTRACE_SETOPTIONS, child_, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  }

  /// To the beginning of this system call; false where the program ended before.
  bool run_to(std::size_t number) {
    for (std::size_t stop = 1; stop < 2 * number; ++stop) {
      if (!step()) return false;
    }
    return true;
  }

  void kill() {
    ::kill(child_, SIGKILL);
    wait();
  }

  /// At its beginning.
  long system_call() const {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, child_, sizeof info, &info) < 0) posix::throw_errno("read a system call");
    return static_cast<long>(info.entry.nr);
  }

#ifdef __x86_64__
  void refuse(int error) {
    if (system_call() == SYS_brk)
      refuse_memory();
    else
      refuse_with(error);
  }

#else
  [[noreturn]] static void refuse(int) {
    throw posix::system_error(ENOSYS, "refuse a system call: the registers are known for x86-64 alone");
  }
#endif

  /// To its end, by itself. The exit status as a shell says it.
  int finish() {
    if (!has_ended()) {
      ask(PTRACE_DETACH, child_, 0);
      wait();
    }
    constexpr int base = 128;  // as a shell says it
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : base + WTERMSIG(status_);
  }

 private:
  void wait() {
    while (::waitpid(child_, &status_, 0) < 0) {
      if (errno != EINTR) posix::throw_errno("wait for a program");
    }
  }

  bool has_ended() const { return !WIFSTOPPED(status_); }

  /// To the beginning or the end of its next system call. A signal that comes between is passed on.
  bool step() {
    int signal = 0;
    do {
      if (has_ended()) return false;
      ask(PTRACE_SYSCALL, child_, signal);
      wait();
      signal = WIFSTOPPED(status_) ? WSTOPSIG(status_) : 0;
    } while (signal != of_a_system_call);
    return true;
  }

#ifdef __x86_64__
  /// No system call has the number -1, so nothing is done but to come back, with what is put there.
  void refuse_with(int error) {
    auto skipped = registers();
    skipped.orig_rax = static_cast<decltype(skipped.orig_rax)>(-1);
    set_registers(skipped);
    if (!step()) return;
    auto refused = registers();
    refused.rax = static_cast<decltype(refused.rax)>(-error);
    set_registers(refused);
  }

  /// It knows no errors: where there is no memory it answers with the end that the memory had before, as it does when
  /// it is asked for 0.
  void refuse_memory() {
    const auto wanted = registers();
    auto asked = wanted;
    asked.rdi = 0;
    set_registers(asked);
    if (!step()) return;
    auto answered = registers();
    answered.rdi = wanted.rdi;
    set_registers(answered);
  }

  user_regs_struct registers() const {
    user_regs_struct all{};
    if (::ptrace(PTRACE_GETREGS, child_, nullptr, &all) < 0) posix::throw_errno("read a program's registers");
    return all;
  }

  void set_registers(const user_regs_struct& all) const {
    if (::ptrace(PTRACE_SETREGS, child_, nullptr, &all) < 0) posix::throw_errno("write a program's registers");
  }
#endif

  pid_t child_;
  int status_ = 0;
};

void strike(Tracee& program, const Fault& fault, Struck& struck) {
  struck.was_reached = true;
  struck.system_call = program.system_call();
  if (fault.error == 0)
    program.kill();
  else
    program.refuse(fault.error);
}

}  // namespace

Struck call_with(const Fault& fault, const Call& call) {
  const Streams streams{.input = file_with(call.input.value_or(call.config.dump()))};
  Tracee program{start(call, streams)};
  Struck struck;
  if (program.run_to(fault.number)) strike(program, fault, struck);
  const int exit = program.finish();
  const auto output = text_of(streams.output);
  auto result = json::parse(output, nullptr, false);
  struck.answer = {exit, result.is_discarded() ? json{} : std::move(result), output, text_of(streams.error)};
  return struck;
}

}  // namespace support
