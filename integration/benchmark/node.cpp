#include "integration/benchmark/node.hpp"

#include "integration/support/command.hpp"
#include "plugin/posix/system_error.hpp"

#include <net/if.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace benchmark {
namespace {

std::size_t count_interfaces() {
  auto* all = ::if_nameindex();
  if (all == nullptr) posix::throw_errno("list interfaces");
  std::size_t count = 0;
  while (all[count].if_index != 0) ++count;
  ::if_freenameindex(all);
  return count;
}

}  // namespace

Node::Node(const std::string& name) : name_(name), host_(name) {
  const auto outcome = support::run({.argv = {"ip", "link", "set", "lo", "up"}, .inside = &host_});
  if (outcome.exit != 0) throw posix::system_error(EIO, "bring up lo: " + outcome.err);
}

ContainerInterface Node::new_container() {
  const auto id = name_ + "-" + std::to_string(++number_);
  containers_.emplace_back(id);
  return {.node = host_, .container = containers_.back(), .id = id};
}

ContainerInterface Node::another_interface() {
  const auto number = std::to_string(++number_);
  return {.node = host_, .container = containers_.back(), .id = name_ + "-" + number, .interface = "eth" + number};
}

void Node::remove_containers(std::size_t count, std::size_t remaining) {
  using namespace std::chrono_literals;
  while (count-- > 0) containers_.pop_front();
  host_.enter();
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (count_interfaces() > remaining) {
    if (std::chrono::steady_clock::now() > deadline)
      throw posix::system_error(ETIMEDOUT, "wait for the deletion of interfaces");
    std::this_thread::sleep_for(50ms);
  }
}

}  // namespace benchmark
