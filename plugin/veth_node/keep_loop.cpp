#include "plugin/veth_node/keep_loop.hpp"

#include "plugin/cni/error.hpp"

#include <system_error>

namespace veth_node {
namespace {

constexpr std::chrono::milliseconds pause{2'000};
constexpr std::chrono::milliseconds round{10'000};

bool is_refusal(const cni::Error& error) {
  return error.code == static_cast<unsigned>(cni::ErrorCode::already_attached) ||
         error.code == static_cast<unsigned>(cni::ErrorCode::invalid_config);
}

class KeepLoop {
 public:
  KeepLoop(Keeper& keeper, Board& board, const std::string& node, const Log& log)
      : keeper_(keeper), board_(board), node_(node), log_(log) {}

  /// False if the store refuses this node.
  bool step(std::chrono::steady_clock::time_point now) try {
    if (!has_joined_) join();
    // While a listing is doubted, the store may have lost the entries of this node: each is compared with the store.
    const auto directory = board_.read([&](const cluster::Directory& shared, const Status& status) {
      return status.is_doubted ? cluster::Directory{} : part_of(shared, node_);
    });
    const bool is_loaded = board_.read([](const auto&, const Status& status) { return status.is_loaded; });
    if (is_loaded) keeper_.keep(directory, now);
    board_.note([&](Status& status) { status.quarantined = keeper_.quarantined().size(); });
    failure_.clear();
    return true;
  } catch (const cni::Error& error) {
    if (!has_joined_ && is_refusal(error)) {
      board_.change([&](auto&, Status& status) { status.refusal.emplace(error); });
      return false;
    }
    report(error);
    return true;
  } catch (const std::system_error& error) {
    report({cni::ErrorCode::system_refused, error.what()});
    return true;
  }

 private:
  void join() {
    keeper_.join();
    has_joined_ = true;
    board_.change([](auto&, Status& status) { status.is_joined = true; });
  }

  /// The same failure is logged once.
  void report(const cni::Error& error) {
    if (failure_ == error.what()) return;
    failure_ = error.what();
    log_.error(error);
  }

  Keeper& keeper_;
  Board& board_;
  const std::string& node_;
  const Log& log_;
  bool has_joined_ = false;
  std::string failure_;
};

}  // namespace

cluster::Directory part_of(const cluster::Directory& directory, const std::string& node) {
  cluster::Directory part;
  if (const auto found = directory.nodes.find(node); found != directory.nodes.end()) part.nodes.insert(*found);
  for (const auto& entry : directory.blocks) {
    if (entry.second == node) part.blocks.insert(part.blocks.end(), entry);
  }
  return part;
}

void keep_on(Keeper& keeper, Board& board, const std::string& node, const Log& log, const Time& time) {
  KeepLoop loop{keeper, board, node, log};
  while (loop.step(time.now())) {
    board.wait(round);
    if (!time.pause(pause)) return;  // joins the changes of a moment
  }
}

}  // namespace veth_node
