#include "integration/benchmark/existing_objects.hpp"

#include "integration/support/command.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <stdexcept>

namespace benchmark {
namespace {

constexpr auto owner = "gqoway44q6eog sinte24eihife";  // the comment of an element: network tag, attachment tag
constexpr auto holder = "sinte24eihife";
constexpr int interfaces_of_container = 10;

std::string nft(const Node& node, std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), "nft");
  const auto outcome = support::run({.argv = arguments, .input = input, .inside = &node.host()});
  if (outcome.exit != 0) throw std::runtime_error("nft: " + outcome.err.substr(0, 1000));
  return outcome.out;
}

/// In batches: the buffer of a netlink socket is limited in a user namespace.
void add_elements(const Node& node, const std::string& set, const std::vector<std::string>& elements) {
  constexpr std::size_t batch_size = 250;
  for (std::size_t first = 0; first < elements.size(); first += batch_size) {
    std::string text = "add element inet veth_cni " + set + " {";
    const auto end = std::min(first + batch_size, elements.size());
    for (auto index = first; index < end; ++index) text.append(elements[index]).append(",\n");
    nft(node, {"-f", "-"}, text + "}\n");
  }
}

std::string container_address(int number) {
  return "10.200." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
}

std::string comment() { return " comment \"" + std::string{owner} + "\""; }

std::string address_within(const std::string& subnet, int number) {
  return subnet + std::to_string(number / 256) + "." + std::to_string(number % 256);
}

/// The state folder's name ends in the namespace's cookie (plugin/state/location.hpp).
std::filesystem::path state_folder(const Node& node) {
  const auto socket = support::socket_in(node.host(), AF_UNIX, SOCK_DGRAM, 0);
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0) {
    posix::throw_errno("get the cookie of " + node.host().path());
  }
  for (const auto& entry : std::filesystem::directory_iterator{support::state_root}) {
    if (entry.path().filename().string().ends_with("-" + std::to_string(cookie))) return entry.path();
  }
  throw std::runtime_error("no state folder of " + node.host().path());
}

}  // namespace

int scaled(int amount, double effort) { return effort < 1 ? std::max(amount / 10, 1) : amount; }

void add_masqueraded_containers(const Node& node, const std::string& network, int amount) {
  const auto sets = nft(node, {"list", "sets"});
  std::smatch found;
  if (!std::regex_search(sets, found, std::regex{"set (masquerade-" + network + "-\\w+)"})) {
    throw std::runtime_error("network " + network + " has no set of masqueraded containers");
  }
  std::vector<std::string> elements;
  elements.reserve(static_cast<std::size_t>(amount));
  for (int number = 0; number < amount; ++number) elements.push_back(container_address(number) + comment());
  add_elements(node, found[1], elements);
}

void add_port_mappings(const Node& node, int amount) {
  constexpr int first_port = 30'000;
  std::vector<std::string> ports;
  std::vector<std::string> hairpins;
  for (int number = 0; number < amount; ++number) {
    const auto address = container_address(number);
    auto& port = ports.emplace_back("tcp . ");
    port.append(std::to_string(first_port + number)).append(comment()).append(" : ").append(address).append(" . 80");
    hairpins.emplace_back(address).append(" . ").append(address).append(comment());
  }
  add_elements(node, "ports4", ports);
  add_elements(node, "self4", hairpins);
}

void add_leases(const Node& node, const std::string& network, int amount) {
  const auto addresses = state_folder(node) / network / "addresses";
  const std::string prefix = std::filesystem::read_symlink(addresses.parent_path() / "cursor").string();
  const auto subnet = prefix.substr(0, prefix.find('.', prefix.find('.') + 1) + 1);
  for (int number = 3; number < amount + 3; ++number) {
    std::filesystem::create_symlink(holder, addresses / address_within(subnet, number));
  }
}

void take_addresses(const Node& node, const Subject& subject, int percent) {
  const auto& config = subject.plugins.front().config;
  const auto addresses = state_folder(node) / config.at("name").get<std::string>() / "addresses";
  const auto range = config.at("ipam").at("ranges").at(0).at(0).at("subnet").get<std::string>();
  const auto subnet = range.substr(0, range.find("0.0/"));
  constexpr int size = 1 << 16;
  for (int number = 2; number < size - 1; ++number) {
    if (number % 100 < percent) std::filesystem::create_symlink(holder, addresses / address_within(subnet, number));
  }
}

void add_attachments(Node& node, const Subject& subject, int amount) {
  for (int number = 0; number < amount; ++number) {
    const bool is_first = number % interfaces_of_container == 0;
    Attachment{subject, is_first ? node.new_container() : node.another_interface()}.add();
  }
}

Row measure_gc(Node& node, const Subject& subject, int amount) {
  const auto half = static_cast<std::size_t>(amount / 2);
  constexpr std::size_t loopback = 1;
  node.remove_containers(half / interfaces_of_container, half + loopback);
  Plugin plugin = subject.plugins.front();
  plugin.config.update({{"cniVersion", "1.1.0"}, {"cni.dev/valid-attachments", json::array()}});
  const auto target = node.new_container();
  node.host().enter();
  const auto timing = run_timed(call_of("GC", plugin, target));
  return {"GC of " + std::to_string(amount) + ", half of them without links",
          {{"run", summarize({timing.milliseconds})}}};
}

}  // namespace benchmark
