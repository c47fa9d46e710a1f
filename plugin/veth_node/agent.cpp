#include "plugin/veth_node/agent.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/veth_node/follower.hpp"
#include "plugin/veth_node/keep_loop.hpp"
#include "plugin/veth_node/metrics.hpp"
#include "plugin/veth_node/metrics_server.hpp"
#include "plugin/veth_node/network_file.hpp"

#include <malloc.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace veth_node {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto time_between_syncs = 60s;  // for changes that the kernel does not report
constexpr std::chrono::seconds time_until_retry{1};
constexpr std::chrono::seconds time_between_snapshots{1};  // a restart without the store loses no older change

int milliseconds_until(steady_clock::time_point time) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - steady_clock::now());
  return static_cast<int>(std::max(left, 0ms).count());
}

/// A comparison or a text of thousands of routes needs memory only for a moment.
void release_memory() { ::malloc_trim(0); }

}  // namespace

Agent::Agent(AgentSettings settings, Network& network, const Log& log)
    : settings_(std::move(settings)), network_(network), log_(log), board_(std::make_shared<Board>()) {}

void Agent::run(int end) {
  load_snapshot();
  if (settings_.metrics) start_metrics();
  start_follower();
  start_keeper();
  log_.info("veth-node " VETH_VERSION " runs as node " + settings_.config.node);
  do {
    const auto refusal = board_->read([](const auto&, const Status& status) { return status.refusal; });
    if (refusal) throw cni::Error{*refusal};
    sync();
    save_snapshot();
  } while (wait_for_work(end));
  next_snapshot_ = {};
  save_snapshot();
}

void Agent::load_snapshot() {
  auto snapshot = find_snapshot(settings_.snapshot);
  const bool is_own = snapshot && snapshot->directory.nodes.contains(settings_.config.node);
  if (!is_own) return;
  saved_revision_ = snapshot->revision;
  board_->change([&](cluster::Directory& directory, Status& status) {
    directory = std::move(snapshot->directory);
    status.revision = std::move(snapshot->revision);
    status.is_loaded = status.is_joined = true;
  });
}

/// The threads end with the process: nothing has to be undone.
void Agent::start_follower() {
  std::thread{[board = board_, &log = log_, store = settings_.open_store()] {
    Follower{*store, *board, log, real_time()}.run();
  }}.detach();
}

void Agent::start_keeper() {
  std::thread{[board = board_, &log = log_, store = settings_.open_store(), settings = settings_, member = member()] {
    const Keeper::Views views{
        .taken = [&] { return read_taken_addresses(settings.state_root); },
        .owners =
            [&] {
              return board->read([](const cluster::Directory& directory, const auto&) { return directory.blocks; });
            }};
    Keeper keeper{*store, BlockFiles{settings.blocks}, member, views, log};
    keep_on(keeper, *board, member.owner.node, log, real_time());
  }}.detach();
}

void Agent::start_metrics() {
  std::thread{[board = board_, server = MetricsServer{*settings_.metrics}, node = settings_.config.node] {
    server.serve([&](std::string_view path) -> Page {
      return board->read([&](const cluster::Directory& directory, const Status& status) -> Page {
        const auto fault = find_fault(status);
        if (path == "/healthz") return fault.empty() ? Page{.text = "ok\n"} : Page{.status = 503, .text = fault + '\n'};
        if (path != "/metrics") return {.status = 404, .text = "see /metrics and /healthz\n"};
        return {.text = metrics(directory, status, node, steady_clock::now())};
      });
    });
  }}.detach();
}

Member Agent::member() const {
  const auto& config = settings_.config;
  return {.owner = {.node = config.node, .machine = settings_.machine},
          .node = {.addresses = config.addresses.empty() ? network_.addresses() : config.addresses,
                   .machine = settings_.machine,
                   .pod_networks = config.pod_networks,
                   .prefers_vxlan = network_.prefers_vxlan()},
          .pools = config.pools,
          .pool = config.network ? config.network->pool : std::string{}};
}

/// False if the run has to end.
bool Agent::wait_for_work(int end) {
  const auto deadline = std::min(next_sync_, next_snapshot_);
  std::array<pollfd, 3> files{{{.fd = board_->event(), .events = POLLIN, .revents = 0},
                               {.fd = network_.file(), .events = POLLIN, .revents = 0},
                               {.fd = end, .events = POLLIN, .revents = 0}}};
  const int ready = ::poll(files.data(), files.size(), milliseconds_until(deadline));
  if (ready < 0 && errno != EINTR) posix::throw_errno("wait for changes");
  if (ready <= 0) return true;
  if (files[2].revents != 0) return false;
  if (files[0].revents != 0) {
    board_->take_event();
    next_sync_ = {};
    next_snapshot_ = std::min(next_snapshot_, steady_clock::now() + time_between_snapshots);
  }
  if (files[1].revents != 0 && network_.has_changed()) next_sync_ = {};
  return true;
}

void Agent::sync() {
  if (steady_clock::now() < next_sync_) return;
  next_sync_ = steady_clock::now() + time_between_syncs;
  const bool is_ready =
      board_->read([](const auto&, const Status& status) { return status.is_loaded && status.is_joined; });
  if (!is_ready) return;
  try {
    const auto failures =
        board_->read([&](const cluster::Directory& directory, const auto&) { return network_.sync(directory); });
    note_sync(failures);
    if (failures.empty()) write_network_file();
    release_memory();
  } catch (const std::system_error& error) {
    note_sync({error.what()});
  }
}

void Agent::note_sync(const std::vector<std::string>& failures) {
  board_->note([&](Status& status) {
    status.is_synced = failures.empty();
    ++status.syncs;
    if (!failures.empty()) ++status.sync_failures;
  });
  if (failures.empty()) {
    if (!last_failure_.empty()) log_.info("the kernel has what the store wants again");
    last_failure_.clear();
    return;
  }
  next_sync_ = steady_clock::now() + time_until_retry;
  if (last_failure_ == failures.front()) return;
  last_failure_ = failures.front();
  for (const auto& failure : failures) log_.error({cni::ErrorCode::system_refused, failure});
}

void Agent::save_snapshot() {
  if (steady_clock::now() < next_snapshot_) return;
  next_snapshot_ = steady_clock::now() + time_between_syncs;
  const auto [revision, text] = board_->read([&](const cluster::Directory& directory, const Status& status) {
    const bool is_kept = status.revision.empty() || status.revision == saved_revision_ || status.is_doubted;
    return std::pair{status.revision, is_kept ? std::string{} : snapshot_text(directory, status.revision)};
  });
  if (text.empty()) return;
  try {
    write_snapshot(settings_.snapshot, text);
    saved_revision_ = revision;
    release_memory();
  } catch (const std::system_error& error) {
    log_.error({cni::ErrorCode::system_refused, error.what()});
  }
}

/// Only now can the pods of this node reach those of others: the runtime reports the node as ready when it finds the
/// file.
void Agent::write_network_file() {
  const auto& network = settings_.config.network;
  if (!network) return;
  const BlockFiles blocks{settings_.blocks};
  if (!network->pool.empty() && blocks.list(network->pool).empty()) {
    next_sync_ = steady_clock::now() + time_until_retry;  // the store may report a block before its file is written
    return;
  }
  const auto pool = board_->read([&](const cluster::Directory& directory, const auto&) {
    const auto found = directory.pools.find(network->pool);
    return found == directory.pools.end() ? std::vector<cni::Prefix>{} : found->second.prefixes;
  });
  const auto networks = network->pool.empty() ? settings_.config.pod_networks : pool;
  if (networks.empty()) return;
  if (replace_if_different(network->file, to_conflist(*network, networks))) log_.info("wrote " + network->file);
}

}  // namespace veth_node
