// The first process of a pod, which holds its namespaces: ends when it is told to, and reaps what is orphaned.
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
