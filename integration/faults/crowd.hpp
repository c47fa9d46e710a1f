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

/// Containers on a range that has too few addresses for them. Some of the ADDs are killed.
class Crowd {
 public:
  /// On a new node.
  explicit Crowd(Report& report);

  void jostle(std::size_t operations, std::size_t at_once);

  /// All go. Nothing is left then, and each address of the range can be given once more.
  void leave();

 private:
  struct Member {
    explicit Member(const std::string& id) : container{id} {}
    support::Container container;
    std::string address = {};  ///< empty: it has none
    bool was_killed = false;   ///< in its ADD, since its last DEL
    std::mutex is_at_work = {};
  };

  using Random = std::minstd_rand;

  void operate(std::size_t number);
  void act(Member& member, Random& random);
  void add(Member& member);
  void judge(Member& member, const support::Answer& answer);
  void kill(Member& member, std::size_t chance);
  void note(Member& member, const std::string& address);
  void remove(Member& member);
  void fill();
  void count(const std::string& figure);
  void fail(const std::string& what);

  Report& report_;
  std::deque<Member> members_;
  support::Snapshot before_;
  std::mutex mutex_;  ///< of the owners and the report
  std::map<std::string, std::string> owners_;
};

}  // namespace faults
