#include "integration/faults/scene.hpp"

#include "integration/faults/examine.hpp"
#include "integration/faults/strangers.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/proc_network.hpp"
#include "integration/support/sandbox.hpp"
#include "integration/support/state_folder.hpp"
#include "integration/support/sysctl.hpp"

#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace faults {
namespace {

namespace fs = std::filesystem;
using support::Answer;
using support::Call;
using support::Namespace;

void furnish_node() {
  install_script_ipam();
  make_strangers();
}

bool has_link(const Namespace& place, const char* name) {
  return support::in(place, [&] { return ::if_nametoindex(name) != 0; });
}

std::string state_root_of(const nlohmann::json& config) {
  return config.contains("ipam") ? config.at("ipam").value("dataDir", std::string{support::state_root})
                                 : support::state_root;
}

bool is_of_first_container(const fs::path& record) {
  std::string text;
  std::getline(std::ifstream{record}, text);
  return text.find(R"("container":"a")") != std::string::npos;
}

/// Whether the state folder has a record of the container in this stage.
bool has_record(const std::string& folder, const std::string& stage) {
  if (!fs::exists(folder)) return false;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    const auto& path = entry.path();
    const bool is_record = path.parent_path().filename() == stage && path.filename().string().front() != '.';
    if (is_record && is_of_first_container(path)) return true;
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

bool has_all_routes_of_addresses() {
  constexpr std::string_view beginning = "if_inet6 ";
  constexpr std::size_t length = 32;
  const auto lines = support::proc_network();
  return std::ranges::all_of(lines, [&](const std::string& line) {
    if (!line.starts_with(beginning)) return true;
    const auto route = "ipv6_route " + line.substr(beginning.size(), length) + " 80 ";
    return std::ranges::any_of(lines, [&](const std::string& other) { return other.starts_with(route); });
  });
}

/// The kernel adds the route of an IPv6 address some time after the address.
void settle() {
  constexpr int tries = 2000;
  for (int time = 0; time < tries; ++time) {
    if (has_all_routes_of_addresses()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  throw std::runtime_error("the kernel has not added the routes of all IPv6 addresses");
}

/// It keeps the address that it gets when it is brought up for the first time.
void use_loopback(const Namespace& place) {
  for (const auto* state : {"up", "down"}) support::change_ip(place, {"link", "set", "lo", state});
}

void require_success(const std::string& verb, const Answer& answer) {
  if (answer.exit == 0) return;
  throw std::runtime_error(told(verb + " failed where nothing was wrong", answer));
}

/// "02:5f:..:e3" as it stands in IPv6's names of groups: "33:33:ff:..:e3".
std::string group_mac(const std::string& mac) { return "33:33:ff:" + mac.substr(mac.size() - 8); }

}  // namespace

std::string on_a_new_node(const std::function<void()>& prepare) {
  support::make_node();
  prepare();
  return "a";
}

Scene::Scene(const Network& network, Neighbour neighbour)
    : network_(network),
      container_{on_a_new_node(furnish_node)},
      neighbour_{"b"},
      peer_{peer_name},
      has_neighbour_(neighbour == Neighbour::stands) {
  if (network.plugin == "loopback") use_loopback(container_.netns);
  if (has_neighbour_) {
    const auto added = support::call(call_for("ADD", "b"));
    require_success("ADD", added);
    neighbours_result_ = added.result;
  }
  before_ = has_neighbour_ ? settled() : of_an_empty_node();
}

support::Snapshot Scene::settled() const {
  settle();
  return take();
}

/// All of them are alike.
support::Snapshot Scene::of_an_empty_node() const {
  static const auto snapshot = settled();
  return snapshot;
}

Call Scene::call_for(const std::string& verb, const std::string& container) const {
  constexpr std::chrono::seconds patience{11};  // the longest wait of the plugin is one of 10 s
  auto config = network_.config;
  if (container == "b") make_different(config);
  return {.command = verb,
          .container = container,
          .netns = "/run/netns/" + container,
          .interface = network_.plugin == "loopback" ? "lo" : "eth0",
          .config = config,
          .plugin = network_.plugin,
          .path = scripts + (":" + support::default_path()),
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

void Scene::prepare(const std::string& verb) { require_success(verb, perform(verb)); }

void Scene::lose_namespace() { container_.netns.remove(); }

/// `lo` may be brought up at any time, and veth-ipam has no interface of its own.
bool Scene::stands_and_was_answered() const {
  const auto folder = state_root_of(network_.config);
  if (network_.plugin == "loopback") return false;
  const bool stands = network_.plugin == "veth-ipam" || has_link(container_.netns, "eth0");
  return stands && has_record(folder, "live") && !has_record(folder, "pending");
}

support::Snapshot Scene::take() const {
  auto snapshot = support::Snapshot::take();
  snapshot.add(support::Snapshot::inside(peer_));
  if (container_.netns.file() >= 0) snapshot.add(support::Snapshot::inside(container_.netns));
  if (has_neighbour_) snapshot.add(support::Snapshot::inside(neighbour_.netns));
  return snapshot;
}

std::string Scene::fault_of_neighbour() const {
  if (!has_neighbour_) return {};
  auto check = call_for("CHECK", "b");
  check.config["prevResult"] = neighbours_result_;
  return unless_success("CHECK of the neighbour", support::call(check));
}

/// A bridge stays, as that of the reference plugin does. A namespace that is gone is not looked into.
std::string Scene::changes() const {
  const auto host = Namespace::host();
  if (!has_neighbour_ && has_link(host, "cni0")) support::change_ip(host, {"link", "delete", "cni0"});
  auto before = before_;
  if (container_.netns.file() < 0)
    std::erase_if(before.lines, [&](const auto& line) { return line.starts_with(container_.netns.path() + ": "); });
  return support::difference(before, take()) + fault_of_neighbour();
}

/// That of a bridge, which is another one on each node, and its address.
void Scene::hide_random_mac(support::Snapshot& portrait) const {
  const auto host = Namespace::host();
  if (!has_link(host, "cni0")) return;
  const auto bridge = support::ip(host, {"address", "show", "dev", "cni0"}).at(0);
  const auto mac = bridge.at("address").get<std::string>();
  portrait.replace(mac, "MAC");
  portrait.replace(group_mac(mac), "GROUP");
  for (const auto& address : bridge.at("addr_info"))
    if (address.at("scope") == "link") portrait.replace('"' + address.at("local").get<std::string>() + '"', "ADDRESS");
}

support::Snapshot Scene::portrait() const {
  auto snapshot = support::Snapshot::take_whole();
  snapshot.add(support::Snapshot::inside_whole(container_.netns));
  if (network_.config.contains("peer")) snapshot.add(support::Snapshot::inside_whole(peer_));
  snapshot.lines.insert("answer " + result_.dump());
  snapshot.lines.insert("somaxconn " + support::sysctl_of(container_.netns, "core/somaxconn"));
  hide_random_mac(snapshot);
  return snapshot;
}

}  // namespace faults
