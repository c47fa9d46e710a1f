#include "integration/support/tracee.hpp"

#include "plugin/posix/system_error.hpp"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

namespace support {
namespace {

constexpr int system_call_stop = SIGTRAP | 0x80;

void ptrace_or_throw(int request, pid_t child, long data) {
  if (::ptrace(static_cast<__ptrace_request>(request), child, nullptr, data) < 0) posix::throw_errno("trace a program");
}

/// Returns nullopt at the exit of a system call.
std::optional<SystemCall> read_entry(pid_t child) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) < 0) posix::throw_errno("read a system call");
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return std::nullopt;
  SystemCall call{.number = static_cast<long>(info.entry.nr)};
  std::copy(std::begin(info.entry.args), std::end(info.entry.args), call.arguments.begin());
  return call;
}

iovec remote_bytes(std::uint64_t address, std::size_t size) {
  return {reinterpret_cast<void*>(address), size};  // NOLINT(performance-no-int-to-ptr): an address in another process
}

#ifdef __x86_64__
user_regs_struct registers(pid_t child) {
  user_regs_struct all{};
  if (::ptrace(PTRACE_GETREGS, child, nullptr, &all) < 0) posix::throw_errno("read a program's registers");
  return all;
}

void set_registers(pid_t child, const user_regs_struct& all) {
  if (::ptrace(PTRACE_SETREGS, child, nullptr, &all) < 0) posix::throw_errno("write a program's registers");
}
#endif

}  // namespace

Tracee::Tracee(pid_t child) : child_(child) {
  wait();
  if (!has_ended()) ptrace_or_throw(PTRACE_SETOPTIONS, child_, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
}

std::optional<SystemCall> Tracee::next_system_call() {
  while (step()) {
    if (const auto call = read_entry(child_)) return call;
  }
  return std::nullopt;
}

void Tracee::kill() {
  ::kill(child_, SIGKILL);
  wait();
}

int Tracee::detach_and_wait() {
  if (!has_ended()) {
    ptrace_or_throw(PTRACE_DETACH, child_, 0);
    wait();
  }
  constexpr int base = 128;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : base + WTERMSIG(status_);
}

void Tracee::read(std::uint64_t address, void* bytes, std::size_t size) const {
  const iovec here{bytes, size};
  const auto there = remote_bytes(address, size);
  if (::process_vm_readv(child_, &here, 1, &there, 1, 0) != static_cast<ssize_t>(size))
    posix::throw_errno("read a program's memory");
}

void Tracee::write(std::uint64_t address, const void* bytes, std::size_t size) const {
  const iovec here{const_cast<void*>(bytes), size};
  const auto there = remote_bytes(address, size);
  if (::process_vm_writev(child_, &here, 1, &there, 1, 0) != static_cast<ssize_t>(size))
    posix::throw_errno("write a program's memory");
}

std::string Tracee::read_string(std::uint64_t address) const {
  std::string text;
  for (char letter = ' '; address != 0; ++address) {
    read(address, &letter, 1);
    if (letter == '\0') break;
    text += letter;
  }
  return text;
}

void Tracee::wait() {
  while (::waitpid(child_, &status_, 0) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for a program");
  }
}

bool Tracee::has_ended() const { return !WIFSTOPPED(status_); }

/// Continues to the entry or exit of the next system call. Passes on signals that arrive before.
bool Tracee::step() {
  int signal = 0;
  do {
    if (has_ended()) return false;
    ptrace_or_throw(PTRACE_SYSCALL, child_, signal);
    wait();
    signal = WIFSTOPPED(status_) ? WSTOPSIG(status_) : 0;
  } while (signal != system_call_stop);
  return true;
}

#ifdef __x86_64__
void Tracee::fail_call(const SystemCall& call, int error) {
  if (call.number == SYS_brk) return fail_brk();
  if (call.number != SYS_close) skip();
  if (step()) set_result(error);
}

/// -1 is not a system call, so the kernel does nothing.
void Tracee::skip() {
  auto skipped = registers(child_);
  skipped.orig_rax = static_cast<decltype(skipped.orig_rax)>(-1);
  set_registers(child_, skipped);
}

void Tracee::set_result(int error) {
  auto refused = registers(child_);
  refused.rax = static_cast<decltype(refused.rax)>(-error);
  set_registers(child_, refused);
}

/// brk reports failure by returning the current end of the memory, as it does for the argument 0.
void Tracee::fail_brk() {
  const auto original = registers(child_);
  auto changed = original;
  changed.rdi = 0;
  set_registers(child_, changed);
  if (!step()) return;
  auto result = registers(child_);
  result.rdi = original.rdi;
  set_registers(child_, result);
}
#else
void Tracee::fail_call(const SystemCall&, int) {
  throw posix::system_error(ENOSYS, "make a system call fail: only implemented for x86-64");
}
#endif

}  // namespace support
