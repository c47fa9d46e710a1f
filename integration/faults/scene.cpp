#include "integration/faults/scene.hpp"

#include "integration/support/iproute.hpp"
#include "integration/support/sandbox.hpp"

#include <net/if.h>

#include <chrono>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace faults {
namespace {

using support::Answer;
using support::Call;
using support::Namespace;

/// The first namespace that is made has to be on the new node.
std::string on_a_new_node(std::string name) {
  support::make_node();
  return name;
}

bool has_link(const Namespace& place, const char* name) {
  return support::in(place, [&] { return ::if_nametoindex(name) != 0; });
}

bool is_pending() {
  if (!std::filesystem::exists("/run/veth-cni")) return false;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{"/run/veth-cni"}) {
    const auto& path = entry.path();
    if (path.parent_path().filename() == "pending" && path.filename().string().front() != '.') return true;
  }
  return false;
}

/// What two containers of a node cannot both have.
void make_different(nlohmann::json& config) {
  if (config.contains("portMappings"))
    for (auto& mapping : config["portMappings"]) mapping["hostPort"] = mapping.at("hostPort").get<int>() + 1;
  if (config.contains("peer"))
    config["peer"].update({{"ifname", "eth1"}, {"addresses", {"10.1.2.130/24", "fd00:1:2::130/64"}}});
}

bool has_all_routes_of_addresses(const Namespace& place) {
  const auto routes = support::ip(place, {"-6", "route", "show", "table", "local"}).dump();
  for (const auto& link : support::ip(place, {"-6", "address"})) {
    for (const auto& address : link.value("addr_info", nlohmann::json::array()))
      if (routes.find(address.at("local").dump()) == std::string::npos) return false;
  }
  return true;
}

/// The kernel adds the route of an IPv6 address some time after the address.
void settle() {
  constexpr int tries = 200;
  for (int time = 0; time < tries && !has_all_routes_of_addresses(Namespace::host()); ++time)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

void require_success(const std::string& verb, const Answer& answer) {
  if (answer.exit == 0) return;
  std::ostringstream text;
  text << verb << " failed on a node where nothing was wrong: " << answer;
  throw std::runtime_error(text.str());
}

}  // namespace

Scene::Scene(const Network& network, Neighbour neighbour)
    : config_(network.config),
      container_{on_a_new_node("a")},
      neighbour_{"b"},
      peer_{peer_name},
      has_neighbour_(neighbour == Neighbour::stands) {
  if (has_neighbour_) {
    require_success("ADD", support::call(call_for("ADD", "b")));
    settle();
  }
  before_ = support::Snapshot::take();
}

Call Scene::call_for(const std::string& verb, const std::string& container) const {
  constexpr std::chrono::seconds patience{40};
  auto config = config_;
  if (container == "b") make_different(config);
  return {.command = verb,
          .container = container,
          .netns = "/run/netns/" + container,
          .config = config,
          .patience = patience};
}

Call Scene::call(const std::string& verb) const {
  auto made = call_for(verb, "a");
  if (verb == "CHECK" || (verb == "DEL" && !result_.is_null())) made.config["prevResult"] = result_;
  if (verb != "GC") return made;
  made.container = made.netns = made.interface = "";
  made.config["cni.dev/valid-attachments"] = nlohmann::json::array();
  if (has_neighbour_) made.config["cni.dev/valid-attachments"] = {{{"containerID", "b"}, {"ifname", "eth0"}}};
  return made;
}

void Scene::keep_result(const std::string& verb, const Answer& answer) {
  if (verb == "ADD" && answer.exit == 0) result_ = answer.result;
}

Answer Scene::perform(const std::string& verb) {
  auto answer = support::call(call(verb));
  keep_result(verb, answer);
  return answer;
}

support::Struck Scene::perform(const std::string& verb, const support::Fault& fault) {
  auto struck = support::call_with(fault, call(verb));
  keep_result(verb, struck.answer);
  return struck;
}

Answer Scene::perform_in_shell(const std::string& verb, const std::string& commands) {
  auto made = call(verb);
  made.under = {"sh", "-c", commands};
  auto answer = support::call(made);
  keep_result(verb, answer);
  return answer;
}

void Scene::lose_namespace() { container_.netns.remove(); }

bool Scene::stands_and_was_answered() const { return has_link(container_.netns, "eth0") && !is_pending(); }

/// A bridge stays, as that of the reference plugin does.
std::string Scene::changes() const {
  const auto host = Namespace::host();
  if (!has_neighbour_ && has_link(host, "cni0")) support::change_ip(host, {"link", "delete", "cni0"});
  auto text = support::difference(before_, support::Snapshot::take());
  if (container_.netns.file() >= 0 && has_link(container_.netns, "eth0")) text += "+ eth0 in the container\n";
  if (has_link(peer_, "eth0")) text += "+ eth0 in the peer's namespace\n";
  return text;
}

}  // namespace faults
