#pragma once

#include "integration/faults/report.hpp"
#include "integration/support/call.hpp"
#include "integration/support/snapshot.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace faults {

/// Many calls at once by a runtime that never makes two for the same attachment at once: ADD, CHECK, DEL, GC and STATUS
/// of three networks in turn at random, each container on all of them. Some attachments the runtime forgets: these are
/// GC's.
class Storm {
 public:
  /// On a new node.
  Storm(std::size_t containers, Report& report);

  void blow(std::size_t operations, std::size_t at_once);

  /// Ends all that still stands, and tells of each verb how long it took.
  void calm_down();

 private:
  /// One container on one network.
  struct Attachment {
    std::size_t network = 0;
    support::Call call = {};
    nlohmann::json result = {};  ///< null: it is not attached
    std::mutex is_at_work = {};
  };

  using Random = std::minstd_rand;

  void operate(std::size_t number);
  void change(Attachment& attachment, Random& random);
  void add(Attachment& attachment);
  void check(Attachment& attachment);
  void remove(Attachment& attachment);
  void forget(std::size_t number, Random& random);
  void ask_about(Random& random);
  void collect(std::size_t network);
  support::Answer perform(const support::Call& call);
  void note_addresses(const nlohmann::json& result, const std::string& owner);
  void drop_addresses(const nlohmann::json& result);
  void fail(const std::string& what);

  Report& report_;
  std::deque<support::Container> containers_;
  std::deque<Attachment> attachments_;
  support::Snapshot before_;
  std::mutex mutex_;  ///< of what follows
  std::map<std::string, std::string> owners_;
  std::map<std::string, std::vector<double>> milliseconds_;
};

}  // namespace faults
