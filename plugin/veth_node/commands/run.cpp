#include "plugin/cni/error.hpp"
#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/veth_node/agent.hpp"
#include "plugin/veth_node/commands/node_context.hpp"
#include "plugin/veth_node/kernel_network.hpp"
#include "plugin/veth_node/metrics_server.hpp"
#include "plugin/veth_node/pod_networks.hpp"
#include "plugin/veth_node/run_mark.hpp"
#include "plugin/veth_node/stores.hpp"

#include <malloc.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

namespace commands {
namespace {

constexpr std::array end_signals{SIGTERM, SIGINT};

/// Nothing has to be undone: routes stay, and files are replaced atomically. As the first process of a container the
/// program would ignore signals without a handler.
void end_at_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { ::_exit(0); };
  for (const int signal : end_signals) ::sigaction(signal, &action, nullptr);
}

/// A file that is readable after one of these signals, which no thread receives in another way from now on.
posix::FileDescriptor open_end_signals() {
  sigset_t signals{};
  ::sigemptyset(&signals);
  for (const int signal : end_signals) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int file = ::signalfd(-1, &signals, SFD_CLOEXEC);
  if (file < 0) posix::throw_errno("open a file for signals");
  return posix::FileDescriptor{file};
}

/// With the addresses and networks of the last run.
std::optional<veth_node::Config> with_snapshot(veth_node::Config config) {
  const auto snapshot = veth_node::find_snapshot(veth_node::default_snapshot);
  if (!snapshot) return std::nullopt;
  const auto own = snapshot->directory.nodes.find(config.node);
  if (own == snapshot->directory.nodes.end()) return std::nullopt;
  config.addresses = own->second.addresses;
  config.pod_networks = own->second.pod_networks;
  return config;
}

/// Without the API server, the networks of the last run are those of this node; at the first run it is waited for. So
/// are networks that the controller manager has not assigned yet.
veth_node::Config complete(const veth_node::Config& config, const veth_node::Log& log) {
  constexpr std::chrono::seconds pause{2};
  while (true) {
    try {
      auto completed = veth_node::with_node_object(config);
      if (!veth_node::lacks_pod_networks(completed)) return completed;
      log.error(veth_node::missing_pod_networks(config.node));
    } catch (const cni::Error& error) {
      const bool is_away = error.code == static_cast<unsigned>(cni::ErrorCode::try_again_later);
      if (!is_away) throw;
      log.error(error);
      if (auto completed = with_snapshot(config)) return *std::move(completed);
    }
    std::this_thread::sleep_for(pause);
  }
}

int run(const Arguments& arguments, const Console& /*console*/) {
  end_at_signals();
  ::mallopt(M_ARENA_MAX, 1);  // the threads rarely allocate at the same time, and each arena keeps its memory
  auto config = veth_node::read_config(arguments.value("config").value_or(veth_node::default_config));
  const veth_node::Log log{config.log};
  [[maybe_unused]] const auto mark = veth_node::mark_as_running();
  config = complete(config, log);
  veth_node::KernelNetwork network{config.node, config.tunnels};
  std::optional<http::Endpoint> metrics;
  if (const auto address = arguments.value("metrics")) metrics = veth_node::read_listen_address(*address);
  veth_node::Agent agent{{.config = config,
                          .machine = machine_id(config),
                          .metrics = metrics,
                          .state_root = std::string{state::default_root},
                          .open_store = [&] { return veth_node::open_store(config); }},
                         network,
                         log};
  try {
    const auto end = open_end_signals();
    agent.run(end.get());
    ::_exit(vethctl::success);  // the threads still use what a return would destroy
  } catch (const cni::Error& error) {
    log.error(error);
  }
  return vethctl::found_faults;
}

}  // namespace

Command run_command() {
  return {
      .name = "run",
      .summary = "keep routes, pools and blocks of this node in step with the store",
      .description =
          "Runs until a signal ends it. It adds this node and the pools of the configuration to the store, keeps the "
          "routes to the containers of all other nodes, claims blocks before the last addresses are taken, and writes "
          "the network configuration for runtimes when the routes are in place.\n\n"
          "If the program ends, or the store does not answer, everything stays as it is: routes, blocks and "
          "addresses. A node whose name another machine has in the store is refused.",
      .options = {config_option(),
                  {.name = "metrics",
                   .value = "ADDRESS:PORT",
                   .help = "serve /metrics for Prometheus and /healthz there (default: not served)"}},
      .examples = {"veth-node run --metrics 127.0.0.1:9273"},
      .run = run};
}

}  // namespace commands
