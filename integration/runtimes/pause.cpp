// The first process of a pod, which keeps its namespaces. Exits on SIGTERM and SIGINT, and reaps orphaned processes.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace {

void end(int /*signal*/) { _exit(0); }

void reap(int /*signal*/) {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace

int main() {
  std::signal(SIGTERM, end);
  std::signal(SIGINT, end);
  std::signal(SIGCHLD, reap);
  while (true) ::pause();
}
