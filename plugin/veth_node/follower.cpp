#include "plugin/veth_node/follower.hpp"

#include "plugin/cluster/entries.hpp"
#include "plugin/cni/error.hpp"

#include <algorithm>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

namespace veth_node {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{200};
constexpr milliseconds longest_pause{15'000};
constexpr milliseconds pause_of_doubt{10'000};
constexpr std::chrono::seconds time_of_doubt{60};

/// Adds the elements that only the other map has. Returns their number.
template <class Map>
std::size_t add_missing(Map& map, const Map& other) {
  const auto before = map.size();
  map.insert(other.begin(), other.end());
  return map.size() - before;
}

}  // namespace

Time real_time() {
  return {.pause = [random = std::minstd_rand{std::random_device{}()}](milliseconds duration) mutable {
    std::uniform_real_distribution<double> part{0.75, 1.25};
    std::this_thread::sleep_for(duration * part(random));
    return true;
  }};
}

Losses keep_lost(const cluster::Directory& last, cluster::Directory& next) {
  add_missing(next.pools, last.pools);
  return {.nodes = add_missing(next.nodes, last.nodes), .blocks = add_missing(next.blocks, last.blocks)};
}

Follower::Follower(cluster::Store& store, Board& board, const Log& log, Time time)
    : store_(store), board_(board), log_(log), time_(std::move(time)) {
  needs_list_ = board.read([](const auto&, const Status& status) { return status.revision.empty(); });
}

void Follower::run() {
  auto pause = first_pause;
  while (true) {
    const auto begin = time_.now();
    try {
      follow();
      pause = doubted_since_ ? pause_of_doubt : milliseconds{0};
    } catch (const cni::Error& error) {
      // A connection that held for a while is opened again at once.
      const bool was_stable = time_.now() - begin > longest_pause;
      pause = was_stable ? first_pause : std::clamp(pause * 2, first_pause, longest_pause);
      report_failure(error.what());
    } catch (const std::system_error& error) {
      pause = longest_pause;
      report_failure(error.what());
    }
    if (!time_.pause(pause)) return;
  }
}

void Follower::follow() {
  if (needs_list_) list();
  if (needs_list_) return;
  const auto revision = board_.read([](const auto&, const Status& status) { return status.revision; });
  needs_list_ = !watch(revision);
}

void Follower::list() {
  const auto listing = store_.list("");
  auto read = board_.read(
      [&](const cluster::Directory& last, const auto&) { return cluster::read_directory(listing.items, last); });
  report_messages(read.messages);
  const bool is_believed = keep_doubtful(read.directory);
  board_.change([&](cluster::Directory& directory, Status& status) {
    status.is_connected = true;
    status.failure.clear();
    status.last_answer = time_.now();
    status.is_doubted = !is_believed;
    ++status.lists;
    directory = std::move(read.directory);
    status.revision = listing.revision;
    status.is_loaded = true;
  });
  needs_list_ = !is_believed;
}

/// For a minute, what a listing has lost stays: the store may have been restored from a backup, and the owners create
/// their entries again. False during this time.
bool Follower::keep_doubtful(cluster::Directory& next) {
  auto merged = next;
  const auto lost = board_.read([&](const cluster::Directory& last, const auto&) { return keep_lost(last, merged); });
  if (lost == Losses{}) {
    doubted_since_.reset();
    return true;
  }
  const auto what = std::to_string(lost.nodes) + " nodes and " + std::to_string(lost.blocks) + " blocks";
  if (!doubted_since_) {
    log_.warning("the store has lost " + what + "; routes to them stay for 60 s, and no other node gets the blocks");
    doubted_since_ = time_.now();
  }
  if (time_.now() - *doubted_since_ < time_of_doubt) {
    next = std::move(merged);
    return false;
  }
  log_.warning("the store has still lost " + what + "; routes to them are removed");
  doubted_since_.reset();
  return true;
}

/// False if the store has forgotten what followed the revision.
bool Follower::watch(const std::string& revision) {
  return store_.watch("", revision, [&](const cluster::Changes& changes) {
    std::vector<std::string> messages;
    const auto apply = [&](cluster::Directory& directory, Status& status) {
      messages = cluster::apply(changes.changes, directory);
      status.is_connected = true;
      status.failure.clear();
      status.last_answer = time_.now();
      status.changes += changes.changes.size();
      status.revision = changes.revision;
    };
    if (changes.changes.empty()) {
      board_.note([&](Status& status) {
        status.is_connected = true;
        status.failure.clear();
        status.last_answer = time_.now();
      });
    } else {
      board_.change(apply);
    }
    report_messages(messages);
    return true;
  });
}

void Follower::report_failure(const std::string& failure) {
  bool is_new = false;
  board_.note([&](Status& status) {
    is_new = status.failure != failure;
    status.is_connected = false;
    status.failure = failure;
    ++status.failures;
  });
  if (is_new) log_.warning("the store cannot be followed, everything stays as it is: " + failure);
}

void Follower::report_messages(const std::vector<std::string>& messages) {
  for (const auto& message : messages) log_.warning(message);
  board_.note([&](Status& status) { status.ignored_entries += messages.size(); });
}

}  // namespace veth_node
