#include "integration/faults/scenario.hpp"

#include "integration/faults/foreign_objects.hpp"
#include "integration/faults/invariants.hpp"
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

void prepare_node() {
  install_script_ipam();
  create_foreign_objects();
}

bool has_link(const Namespace& netns, const char* name) {
  return support::in(netns, [&] { return ::if_nametoindex(name) != 0; });
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

/// Whether the folder has a record of the first container. `stage` is "pending" or "live".
bool has_record(const std::string& folder, const std::string& stage) {
  if (!fs::exists(folder)) return false;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    const auto& path = entry.path();
    const bool is_record = path.parent_path().filename() == stage && path.filename().string().front() != '.';
    if (is_record && is_of_first_container(path)) return true;
  }
  return false;
}

/// Changes host ports and peer addresses: two attachments on a node cannot have the same ones.
void make_config_of_other_container(nlohmann::json& config) {
  if (config.contains("portMappings"))
    for (auto& mapping : config["portMappings"]) mapping["hostPort"] = mapping.at("hostPort").get<int>() + 1;
  if (config.contains("peer"))
    config["peer"].update({{"ifname", "eth1"}, {"addresses", {"10.1.2.130/24", "fd00:1:2::130/64"}}});
}

bool has_routes_of_all_addresses() {
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
void wait_for_address_routes() {
  constexpr int tries = 2000;
  for (int attempt = 0; attempt < tries; ++attempt) {
    if (has_routes_of_all_addresses()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  throw std::runtime_error("the kernel has not added the routes of all IPv6 addresses");
}

/// `lo` keeps the address that it gets when it is brought up for the first time.
void initialize_loopback(const Namespace& netns) {
  for (const auto* state : {"up", "down"}) support::run_ip(netns, {"link", "set", "lo", state});
}

void throw_unless_success(const std::string& verb, const Answer& answer) {
  if (answer.exit == 0) return;
  throw std::runtime_error(describe(verb + " failed without a fault", answer));
}

/// The MAC of the solicited-node multicast group: "33:33:ff:..:e3" for "02:5f:..:e3".
std::string group_mac(const std::string& mac) { return "33:33:ff:" + mac.substr(mac.size() - 8); }

}  // namespace

std::string set_up_node(const std::function<void()>& prepare) {
  support::make_node();
  prepare();
  return "a";
}

Scenario::Scenario(const Network& network, OtherContainer other_container)
    : network_(network),
      container_{set_up_node(prepare_node)},
      other_container_{"b"},
      peer_{peer_name},
      has_other_container_(other_container == OtherContainer::attached) {
  if (network.plugin == "loopback") initialize_loopback(container_.netns);
  if (has_other_container_) {
    const auto added = support::call(call_for("ADD", "b"));
    throw_unless_success("ADD", added);
    result_of_other_ = added.result;
  }
  before_ = has_other_container_ ? stable_snapshot() : snapshot_of_empty_node();
}

support::Snapshot Scenario::stable_snapshot() const {
  wait_for_address_routes();
  return take_snapshot();
}

/// It is equal for all new nodes, so it is taken once.
support::Snapshot Scenario::snapshot_of_empty_node() const {
  static const auto snapshot = stable_snapshot();
  return snapshot;
}

Call Scenario::call_for(const std::string& verb, const std::string& container) const {
  constexpr std::chrono::seconds timeout{11};  // the longest wait of the plugin is 10 s
  auto config = network_.config;
  if (container == "b") make_config_of_other_container(config);
  return {.command = verb,
          .container = container,
          .netns = "/run/netns/" + container,
          .interface = network_.plugin == "loopback" ? "lo" : "eth0",
          .config = config,
          .plugin = network_.plugin,
          .path = scripts + (":" + support::default_path()),
          .timeout = timeout};
}

Call Scenario::call(const std::string& verb) const {
  auto made = call_for(verb, "a");
  if (verb == "CHECK" || (verb == "DEL" && !result_.is_null())) made.config["prevResult"] = result_;
  if (verb != "GC") return made;
  made.container = made.netns = made.interface = "";
  made.config["cni.dev/valid-attachments"] = nlohmann::json::array();
  if (has_other_container_) made.config["cni.dev/valid-attachments"] = {{{"containerID", "b"}, {"ifname", "eth0"}}};
  return made;
}

void Scenario::keep_result(const std::string& verb, const Answer& answer) {
  if (verb == "ADD" && answer.exit == 0) result_ = answer.result;
}

Answer Scenario::perform(const std::string& verb) {
  auto answer = support::call(call(verb));
  keep_result(verb, answer);
  return answer;
}

support::FaultOutcome Scenario::perform(const std::string& verb, const support::Fault& fault) {
  auto outcome = support::call_with_fault(fault, call(verb));
  keep_result(verb, outcome.answer);
  return outcome;
}

Answer Scenario::perform_in_shell(const std::string& verb, const std::string& commands) {
  auto made = call(verb);
  made.wrapper = {"sh", "-c", commands};
  auto answer = support::call(made);
  keep_result(verb, answer);
  return answer;
}

void Scenario::perform_or_throw(const std::string& verb) { throw_unless_success(verb, perform(verb)); }

void Scenario::remove_namespace() { container_.netns.remove(); }

/// ADD of loopback is never refused; veth-ipam creates no interface.
bool Scenario::must_refuse_add() const {
  const auto folder = state_root_of(network_.config);
  if (network_.plugin == "loopback") return false;
  const bool exists = network_.plugin == "veth-ipam" || has_link(container_.netns, "eth0");
  return exists && has_record(folder, "live") && !has_record(folder, "pending");
}

support::Snapshot Scenario::take_snapshot() const {
  auto snapshot = support::Snapshot::take();
  snapshot.add(support::Snapshot::of_namespace(peer_));
  if (container_.netns.file() >= 0) snapshot.add(support::Snapshot::of_namespace(container_.netns));
  if (has_other_container_) snapshot.add(support::Snapshot::of_namespace(other_container_.netns));
  return snapshot;
}

std::string Scenario::check_other_container() const {
  if (!has_other_container_) return {};
  auto check = call_for("CHECK", "b");
  check.config["prevResult"] = result_of_other_;
  return failure_of("CHECK of the other container", support::call(check));
}

/// A bridge may stay after DEL, as with the reference plugin; it is deleted here. A removed namespace is not compared.
std::string Scenario::changes() const {
  const auto host = Namespace::host();
  if (!has_other_container_ && has_link(host, "cni0")) support::run_ip(host, {"link", "delete", "cni0"});
  auto before = before_;
  if (container_.netns.file() < 0)
    std::erase_if(before.lines, [&](const auto& line) { return line.starts_with(container_.netns.path() + ": "); });
  return support::difference(before, take_snapshot()) + check_other_container();
}

/// Masks the MAC and link-local address of the bridge, which differ from node to node.
void Scenario::mask_random_mac(support::Snapshot& snapshot) const {
  const auto host = Namespace::host();
  if (!has_link(host, "cni0")) return;
  const auto bridge = support::ip(host, {"address", "show", "dev", "cni0"}).at(0);
  const auto mac = bridge.at("address").get<std::string>();
  snapshot.replace(mac, "MAC");
  snapshot.replace(group_mac(mac), "GROUP");
  for (const auto& address : bridge.at("addr_info"))
    if (address.at("scope") == "link") snapshot.replace('"' + address.at("local").get<std::string>() + '"', "ADDRESS");
}

support::Snapshot Scenario::full_snapshot() const {
  auto snapshot = support::Snapshot::take_full();
  snapshot.add(support::Snapshot::of_namespace_full(container_.netns));
  if (network_.config.contains("peer")) snapshot.add(support::Snapshot::of_namespace_full(peer_));
  snapshot.lines.insert("answer " + result_.dump());
  snapshot.lines.insert("fin_timeout " + support::sysctl_of(container_.netns, "ipv4/tcp_fin_timeout"));
  mask_random_mac(snapshot);
  return snapshot;
}

}  // namespace faults
