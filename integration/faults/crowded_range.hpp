#pragma once

#include "integration/faults/report.hpp"
#include "integration/support/call.hpp"
#include "integration/support/snapshot.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>

namespace faults {

/// Containers on a range that has fewer addresses than there are containers. Some of the ADDs are killed.
class CrowdedRange {
 public:
  /// Makes a new node.
  explicit CrowdedRange(Report& report);

  /// Makes this number of random ADDs and DELs, `at_once` at a time.
  void run(std::size_t operations, std::size_t at_once);

  /// Deletes all containers. Then nothing may be left, and each address of the range can be allocated once.
  void finish();

 private:
  struct Member {
    explicit Member(const std::string& id) : container{id} {}
    support::Container container;
    std::string address = {};  ///< empty: not attached
    bool was_killed = false;   ///< an ADD was killed since the last DEL
    std::mutex busy = {};      ///< held during a call
  };

  using Random = std::minstd_rand;

  void run_operation(std::size_t number);
  void add_or_delete(Member& member, Random& random);
  void add(Member& member);
  void check_add(Member& member, const support::Answer& answer);
  void kill_add(Member& member, std::size_t chance);
  void record_address(Member& member, const std::string& address);
  void remove(Member& member);
  void fill_range();
  void count(const std::string& figure);
  void fail(const std::string& what);

  Report& report_;
  std::deque<Member> members_;
  support::Snapshot before_;
  std::mutex mutex_;                           ///< of owners_ and report_
  std::map<std::string, std::string> owners_;  ///< address -> container ID
};

}  // namespace faults
