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

/// Many calls at once: random ADD, CHECK, DEL, GC and STATUS of three networks, with each container on all of them.
/// There is at most one call for an attachment at a time. Each ADD is followed by a CHECK. Some attachments are
/// orphaned: only GC deletes them. The namespace of a tenth of the containers is removed before their DEL. GC of a
/// fourth network, which has no containers, runs at the same time.
class Storm {
 public:
  static constexpr std::size_t networks = 3;

  /// Makes a new node.
  Storm(std::size_t containers, Report& report);

  void run(std::size_t operations, std::size_t at_once);

  /// GC of each network must delete exactly the orphans. Then deletes the other attachments; nothing may be
  /// left. Reports the duration of each verb.
  void finish();

 private:
  /// One container on one network.
  struct Attachment {
    support::Call call = {};
    nlohmann::json result = {};  ///< null: not attached
    std::mutex busy = {};        ///< held during a call
  };

  struct Container {
    explicit Container(const std::string& id) : namespace_{id} {}
    std::optional<support::Namespace> namespace_;
    std::array<Attachment, networks> attachments = {};
  };

  using Random = std::minstd_rand;

  void run_operation(std::size_t number);
  void add_check_or_delete(Attachment& attachment, Random& random);
  void add(Attachment& attachment);
  void check(const Attachment& attachment);
  void remove(Attachment& attachment);
  void remove_namespace_then_delete(Random& random);
  void add_orphan(std::size_t number, Random& random);
  void call_gc_or_status(Random& random);
  void gc(std::size_t network);
  void check_orphans_are_deleted();
  support::Answer perform(const support::Call& call);
  void record_addresses(const nlohmann::json& result, const std::string& owner);
  void release_addresses(const nlohmann::json& result);
  void release_orphans(std::size_t network);
  void count(const std::string& figure);
  void fail(const std::string& what);

  Report& report_;
  std::deque<Container> containers_;
  support::Snapshot before_;
  std::size_t operations_ = 0;
  /// Shared by ADDs of orphans whose addresses are recorded, exclusive for GC of the network, which releases them.
  std::array<std::shared_mutex, networks> orphan_locks_;
  std::mutex mutex_;                                           ///< of the fields below, and of report_
  std::map<std::string, std::string> owners_;                  ///< address -> attachment
  std::array<std::vector<nlohmann::json>, networks> orphans_;  ///< results of the recorded ones
  std::map<std::string, std::vector<double>> milliseconds_;    ///< by verb
};

}  // namespace faults
