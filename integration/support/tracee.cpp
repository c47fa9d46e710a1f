#include "integration/support/tracee.hpp"

#include "plugin/posix/system_error.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <type_traits>

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

void transfer_registers(__ptrace_request request, pid_t child, int set, iovec part) {
  if (::ptrace(request, child, set, &part) < 0) posix::throw_errno("read or write a program's registers");
}

user_regs_struct registers(pid_t child) {
  user_regs_struct all{};
  transfer_registers(PTRACE_GETREGSET, child, NT_PRSTATUS, {&all, sizeof all});
  return all;
}

void set_registers(pid_t child, user_regs_struct all) {
  transfer_registers(PTRACE_SETREGSET, child, NT_PRSTATUS, {&all, sizeof all});
}

/// -1 is not a system call, so the kernel does nothing.
#if defined(__x86_64__)
auto& result_of(user_regs_struct& all) { return all.rax; }
auto& first_argument_of(user_regs_struct& all) { return all.rdi; }

void skip_system_call(pid_t child) {
  auto skipped = registers(child);
  skipped.orig_rax = static_cast<decltype(skipped.orig_rax)>(-1);
  set_registers(child, skipped);
}
#elif defined(__aarch64__)
auto& result_of(user_regs_struct& all) { return all.regs[0]; }
auto& first_argument_of(user_regs_struct& all) { return all.regs[0]; }

void skip_system_call(pid_t child) {
  int number = -1;
  transfer_registers(PTRACE_SETREGSET, child, NT_ARM_SYSTEM_CALL, {&number, sizeof number});
}
#endif

}  // namespace

bool Tracee::Process::has_ended() const { return !WIFSTOPPED(status); }

/// PTRACE_O_TRACECLONE applies to helpers only: programs are started with CLONE_VFORK.
Tracee::Tracee(pid_t child) : child_{.id = child} {
  constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE;
  wait();
  if (!child_.has_ended()) ptrace_or_throw(PTRACE_SETOPTIONS, child, options);
}

std::optional<SystemCall> Tracee::next_system_call() {
  if (is_helper_sending_) leave_helper();
  while (step()) {
    const auto call = read_entry(id());
    is_helper_sending_ = helper_ && call && (call->number == SYS_sendmsg || call->number == SYS_read);
    if (call) return call;
  }
  return std::nullopt;
}

void Tracee::kill() {
  ::kill(id(), SIGKILL);
  wait();
}

int Tracee::detach_and_wait() {
  leave_helper();
  if (!child_.has_ended()) {
    ptrace_or_throw(PTRACE_DETACH, child_.id, 0);
    wait();
  }
  constexpr int base = 128;
  return WIFEXITED(child_.status) ? WEXITSTATUS(child_.status) : base + WTERMSIG(child_.status);
}

void Tracee::read(std::uint64_t address, void* bytes, std::size_t size) const {
  const iovec here{bytes, size};
  const auto there = remote_bytes(address, size);
  if (::process_vm_readv(id(), &here, 1, &there, 1, 0) != static_cast<ssize_t>(size))
    posix::throw_errno("read a program's memory");
}

void Tracee::write(std::uint64_t address, const void* bytes, std::size_t size) const {
  const iovec here{const_cast<void*>(bytes), size};
  const auto there = remote_bytes(address, size);
  if (::process_vm_writev(id(), &here, 1, &there, 1, 0) != static_cast<ssize_t>(size))
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

/// A helper is not reported without __WALL: it ends without a signal.
void Tracee::wait() {
  auto& process = current();
  while (::waitpid(process.id, &process.status, __WALL) < 0) {
    if (errno != EINTR) posix::throw_errno("wait for a program");
  }
}

bool Tracee::has_started_helper() const { return child_.status >> 8 == (SIGTRAP | PTRACE_EVENT_CLONE << 8); }

/// The kernel attaches to a new process and stops it.
void Tracee::enter_helper() {
  unsigned long helper = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, child_.id, nullptr, &helper) < 0) posix::throw_errno("trace a helper");
  helper_ = Process{.id = static_cast<pid_t>(helper)};
  wait();
}

void Tracee::leave_helper() {
  is_helper_sending_ = false;
  if (!helper_) return;
  if (!helper_->has_ended()) ptrace_or_throw(PTRACE_DETACH, helper_->id, 0);
  helper_.reset();
}

/// Continues to the entry or exit of the next system call. Passes on signals that arrive before.
bool Tracee::step() {
  int signal = 0;
  do {
    if (helper_ && helper_->has_ended()) leave_helper();
    if (child_.has_ended()) return false;
    ptrace_or_throw(PTRACE_SYSCALL, id(), signal);
    wait();
    const bool is_new_helper = !helper_ && has_started_helper();
    if (is_new_helper) enter_helper();
    signal = !is_new_helper && WIFSTOPPED(current().status) ? WSTOPSIG(current().status) : 0;
  } while (signal != system_call_stop);
  return true;
}

void Tracee::fail_call(const SystemCall& call, int error) {
  if (call.number == SYS_brk) return fail_brk();
  if (call.number != SYS_close) skip_system_call(id());
  if (step()) set_result(error);
}

void Tracee::set_result(int error) {
  auto refused = registers(id());
  using Value = std::remove_reference_t<decltype(result_of(refused))>;
  result_of(refused) = static_cast<Value>(-error);
  set_registers(id(), refused);
}

/// brk reports failure by returning the current end of the memory, as it does for the argument 0. On arm64 the result
/// is in the register of the argument.
void Tracee::fail_brk() {
  auto original = registers(id());
  auto changed = original;
  first_argument_of(changed) = 0;
  set_registers(id(), changed);
  if (!step()) return;
  auto result = registers(id());
  const auto end_of_memory = result_of(result);
  first_argument_of(result) = first_argument_of(original);
  result_of(result) = end_of_memory;
  set_registers(id(), result);
}

}  // namespace support
