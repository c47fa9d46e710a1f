#pragma once

#include "integration/faults/report.hpp"
#include "integration/support/call.hpp"
#include "integration/support/snapshot.hpp"

#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <vector>

namespace faults {

/// Many calls at once by a runtime that never makes two for the same attachment at once: ADD, CHECK, DEL, GC and STATUS
/// of three networks in turn at random, each container on all of them; each ADD is followed by CHECK. Some attachments
/// the runtime forgets: these are GC's. A tenth of the containers lose their namespace before their DEL. A fourth
/// network has no containers, and GC of it races with all.
class Storm {
 public:
  static constexpr std::size_t networks = 3;

  /// On a new node.
  Storm(std::size_t containers, Report& report);

  void blow(std::size_t operations, std::size_t at_once);

  /// GC of each network takes what was forgotten and nothing else; all that still stands is ended. Tells of each verb
  /// how long it took.
  void calm_down();

 private:
  /// One container on one network.
  struct Attachment {
    support::Call call = {};
    nlohmann::json result = {};  ///< null: it is not attached
    std::mutex is_at_work = {};
  };

  struct Container {
    explicit Container(const std::string& id) : namespace_{id} {}
    std::optional<support::Namespace> namespace_;
    std::array<Attachment, networks> attachments = {};
  };

  using Random = std::minstd_rand;

  void operate(std::size_t number);
  void change(Attachment& attachment, Random& random);
  void add(Attachment& attachment);
  void check(const Attachment& attachment);
  void remove(Attachment& attachment);
  void lose_namespace(Random& random);
  void forget(std::size_t number, Random& random);
  void ask_about(Random& random);
  void collect(std::size_t network);
  void collect_all();
  void look_for_forgotten();
  support::Answer perform(const support::Call& call);
  void note_addresses(const nlohmann::json& result, const std::string& owner);
  void drop_addresses(const nlohmann::json& result);
  void drop_forgotten(std::size_t network);
  void count(const std::string& figure);
  void fail(const std::string& what);

  Report& report_;
  std::deque<Container> containers_;
  support::Snapshot before_;
  std::size_t operations_ = 0;
  /// GC of a network takes what the runtime has forgotten: shared by those that forget on it and know that they did.
  std::array<std::shared_mutex, networks> forgetting_;
  std::mutex mutex_;  ///< of what follows, and of the report
  std::map<std::string, std::string> owners_;
  std::array<std::vector<nlohmann::json>, networks> forgotten_;  ///< the results
  std::map<std::string, std::vector<double>> milliseconds_;
};

}  // namespace faults
