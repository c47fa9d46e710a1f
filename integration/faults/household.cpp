#include "integration/faults/household.hpp"

#include "integration/faults/examine.hpp"
#include "integration/faults/networks.hpp"
#include "integration/faults/scene.hpp"
#include "integration/support/iproute.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace faults {
namespace {

constexpr auto root = "/run/veth-cni";

nlohmann::json config() {
  auto config = network("ptp").config;
  config["ipMasq"] = true;
  return config;
}

nlohmann::json added(const support::Container& container) {
  const auto answer = support::add(container, config());
  if (answer.exit != 0) throw std::runtime_error(told("ADD on a node where nothing is wrong", answer));
  return answer.result;
}

bool share_an_address(const nlohmann::json& one, const nlohmann::json& other) {
  return support::address_of(one, 4) == support::address_of(other, 4) ||
         support::address_of(one, 6) == support::address_of(other, 6);
}

}  // namespace

Household::Household(const std::function<void()>& prepare)
    : a_{on_a_new_node(prepare)}, b_{"b"}, c_{"c"}, before_(support::Snapshot::take()) {
  result_a_ = added(a_);
  result_b_ = added(b_);
}

std::string Household::folder() {
  for (const auto& entry : std::filesystem::directory_iterator{root}) return entry.path();
  throw std::runtime_error("there is no state folder");
}

std::string Household::record(const std::string& container) {
  for (const auto& entry : std::filesystem::directory_iterator{folder() + "/net/live"}) {
    std::ifstream file{entry.path()};
    if (nlohmann::json::parse(file).at("container") == container) return entry.path();
  }
  throw std::runtime_error("there is no record of \"" + container + "\"");
}

std::string Household::add_another() {
  const auto answer = support::add(c_, config());
  const bool has_interface = support::has_interface(c_.netns, c_.interface);
  if (answer.exit != 0) return has_interface ? told("an error that left something", answer) : "";
  if (!has_interface) return told("a success that is none", answer);
  if (share_an_address(answer.result, result_a_) || share_an_address(answer.result, result_b_))
    return told("an address was given twice", answer);
  return unless_success("DEL of what was added", support::del(c_, config()));
}

std::string Household::live_on() {
  auto fault = add_another();
  const auto answer = support::del(a_, config(), result_a_);
  if (support::has_interface(a_.netns, a_.interface)) fault += told("DEL left the network", answer);
  if (answer.exit != 0 && support::code_of(answer) == 0) fault += told("an error without words", answer);
  return fault + add_another();
}

std::string Household::end() {
  std::string fault;
  for (const auto* container : {&a_, &b_, &c_})
    fault += unless_success("the last DEL", support::del(*container, config()));
  auto collection = config();
  collection["cni.dev/valid-attachments"] = nlohmann::json::array();
  fault += unless_success("GC", support::call({.command = "GC", .interface = "", .config = collection}));
  return fault + support::difference(before_, support::Snapshot::take());
}

}  // namespace faults
