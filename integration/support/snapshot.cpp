#include "integration/support/snapshot.hpp"

#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/namespace.hpp"
#include "integration/support/proc_network.hpp"
#include "integration/support/settled.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/state_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace support {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The IDs of bridges contain their MACs, which are compared as addresses of the links.
constexpr std::array volatile_keys{"handle",    "valid_life_time",   "preferred_life_time", "expires",
                                   "tentative", "metainfo",          "operstate",           "bridge_id",
                                   "root_id",   "designated_bridge", "designated_root"};

/// Numbers that the kernel assigns in order of creation.
constexpr std::array serial_keys{"ifindex", "link_index", "link_netnsid", "iif_index", "index", "fh"};

// The kernel updates these flags some time after the carrier has changed.
constexpr std::array carrier_flags{"NO-CARRIER", "LOWER_UP", "linkdown"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void strip_flags(json& object) {
  if (!object.is_object() || !object.contains("flags") || !object.at("flags").is_array()) return;
  json stable = json::array();
  for (const auto& flag : object.at("flags")) {
    if (!flag.is_string() || !contains(carrier_flags, flag.get<std::string>())) stable.push_back(flag);
  }
  object["flags"] = stable;
}

/// Adds lines for a namespace (null: the node) to a snapshot.
class SnapshotBuilder {
 public:
  SnapshotBuilder(Snapshot& snapshot, const Namespace* netns, bool is_full)
      : snapshot_(snapshot), netns_(netns), is_full_(is_full) {}

  void add_network() {
    add_links();
    add_family("4");
    add_family("6");
    add_queueing();
    add_bridges();
    add_nftables();
    add_settings();
  }

  void add_files(const fs::path& root) {
    if (!fs::exists(root)) return;
    for (const auto& entry : fs::recursive_directory_iterator{root}) {
      const bool is_folder = !entry.is_symlink() && entry.is_directory();
      if (is_folder || (!is_full_ && is_folder_list(entry.path())) || is_auxiliary(entry.path().filename())) continue;
      add("file", path_of(entry) + " " + content_of(entry));
    }
  }

 private:
  void add(const std::string& subject, const std::string& text) { snapshot_.lines.insert(subject + " " + text); }

  void add_all(const std::string& subject, const json& list) {
    for (const auto& entry : list) {
      if (!entry.empty()) add(subject, entry.dump());
    }
  }

  bool is_volatile(std::string_view key) const {
    return key.ends_with("_timer") || contains(volatile_keys, key) || (is_full_ && contains(serial_keys, key));
  }

  void remove_volatile(json& value) const {
    strip_flags(value);
    if (value.is_object()) {
      for (auto member = value.begin(); member != value.end();) {
        member = is_volatile(member.key()) ? value.erase(member) : std::next(member);
      }
    }
    if (value.is_structured()) {
      for (auto& member : value) remove_volatile(member);
    }
  }

  /// Runs one program with several commands, each a line of its standard input. Returns the JSON output of each.
  std::vector<json> query(std::vector<std::string> argv, const std::vector<std::string>& questions) const {
    std::string input;
    for (const auto& question : questions) input += question + "\n";
    const auto outcome = run({.argv = std::move(argv), .input = input, .inside = netns_});
    if (outcome.exit != 0) throw std::runtime_error("cannot read the network: " + outcome.err);
    std::vector<json> answers;
    std::istringstream text{outcome.out};
    for (std::size_t number = 0; number < questions.size(); ++number) {
      auto& answer = answers.emplace_back(json::array());
      if (text >> std::ws && !text.eof()) text >> answer;
      remove_volatile(answer);
    }
    return answers;
  }

  void add_links() {
    const auto answers = query({"ip", "-j", "-d", "-batch", "-"}, {"address", "neighbour show nud all"});
    for (auto link : answers.at(0)) {
      if (link.empty()) continue;
      const auto name = link.at("ifname").get<std::string>();
      add_all("address " + name, link.value("addr_info", json::array()));
      link.erase("addr_info");
      add("link", link.dump());
    }
    for (auto neighbour : answers.at(1)) {
      const bool is_permanent = neighbour.value("state", json::array()) == json{"PERMANENT"};
      if (!is_permanent && !neighbour.contains("extern_learn")) continue;
      if (!is_permanent) neighbour.erase("state");
      add("neighbour", neighbour.dump());
    }
  }

  void add_family(const std::string& family) {
    const auto answers = query({"ip", "-" + family, "-j", "-d", "-batch", "-"},
                               {"route show table all", "rule", "neighbour show proxy"});
    for (const auto& route : answers.at(0)) {
      if (is_full_ || route.value("type", "") != "anycast") add("route", route.dump());
    }
    add_all("rule", answers.at(1));
    add_all("proxy", answers.at(2));
  }

  void add_queueing() {
    const std::vector<std::string> tc{"tc", "-j", "-d", "-batch", "-"};
    const auto qdiscs = query(tc, {"qdisc"}).at(0);
    add_all("qdisc", qdiscs);
    std::vector<std::string> filters;
    for (const auto& qdisc : qdiscs) {
      const auto kind = qdisc.value("kind", "");
      const auto device = qdisc.value("dev", "");
      if (kind == "ingress" || kind == "clsact") filters.push_back("filter show dev " + device + " ingress");
      if (kind != "noqueue") add_classes(device);
    }
    if (filters.empty()) return;
    const auto answers = query(tc, filters);
    for (std::size_t number = 0; number < filters.size(); ++number) add_all(filters[number], answers[number]);
  }

  /// tc has no JSON output for classes.
  void add_classes(const std::string& device) {
    const auto outcome = run({.argv = {"tc", "class", "show", "dev", device}, .inside = netns_});
    if (outcome.exit != 0) throw std::runtime_error("tc failed: " + outcome.err);
    std::istringstream text{outcome.out};
    for (std::string line; std::getline(text, line);) add("class " + device, line);
  }

  /// Without learned entries, which expire.
  void add_bridges() {
    const auto answers = query({"bridge", "-j", "-batch", "-"}, {"fdb", "vlan"});
    for (const auto& entry : answers.at(0)) {
      if (entry.value("state", "") == "permanent" && (is_full_ || !is_multicast(entry))) add("fdb", entry.dump());
    }
    add_all("vlan", answers.at(1));
  }

  /// A multicast group of an interface. They depend on forwarding: a router joins further groups.
  static bool is_multicast(const json& entry) {
    const auto mac = entry.value("mac", "");
    return mac.starts_with("33:33:") || mac.starts_with("01:00:5e:");
  }

  static bool is_own_table(const json& content) {
    const auto family = content.value("family", "");
    return content.value("table", content.value("name", "")) == "veth_cni" && (family == "inet" || family == "bridge");
  }

  void add_elements(json& content) {
    const auto set = content.value("family", "") + " veth_cni " + content.value("name", "");
    for (const auto& element : content.value("elem", json::array())) add("nft element " + set, element.dump());
    content.erase("elem");
  }

  void add_nftables() {
    const auto ruleset = query({"nft", "--stateless", "-j", "list", "ruleset"}, {""}).at(0);
    for (auto object : ruleset.at("nftables")) {
      if (object.empty()) continue;  // metainfo
      auto& content = object.begin().value();
      const bool is_own = is_own_table(content);
      if (is_own) add_elements(content);
      if (!is_own || is_full_) add("nft", object.dump());
    }
  }

  /// /proc/sys/net shows the namespace of the thread that reads it.
  void add_settings() {
    for (const auto& setting : netns_ == nullptr ? proc_settings() : in(*netns_, proc_settings)) {
      if (is_full_ || !depends_on_forwarding(setting)) add("setting", setting);
    }
  }

  /// The kernel changes accept_redirects together with forwarding, and the plugin changes accept_ra before it.
  static bool depends_on_forwarding(std::string_view setting) {
    return setting.find(" forwarding ") != std::string_view::npos ||
           setting.starts_with("ipv4 all accept_redirects ") || setting.find(" accept_ra ") != std::string_view::npos;
  }

  /// The lists of other state folders and of databases of Open vSwitch; they contain no addresses or records.
  static bool is_folder_list(const fs::path& path) {
    const auto parent = path.parent_path().filename();
    return parent == "data-dirs" || parent == "databases";
  }

  // Locks, cursors and lists of free addresses (with a dot: temporary files of killed calls), markers of folders, and
  // logs.
  static bool is_auxiliary(const std::string& name) {
    return name == "lock" || name == "locks" || name == "=namespace" || name == ".claims" || name == ".unrecorded" ||
           name.starts_with("cursor") || name.starts_with(".cursor") || name.starts_with("free.") || name == ".free" ||
           name.starts_with("last_reserved_ip") || name.ends_with(".log");
  }

  std::string path_of(const fs::directory_entry& entry) const {
    if (!is_full_) return entry.path().string();
    fs::path path;
    for (const auto& part : entry.path()) path /= is_node_folder(part.string()) ? fs::path{"NODE"} : part;
    return path.string();
  }

  /// A boot ID (a UUID) and the cookie of a network namespace.
  static bool is_node_folder(std::string_view name) {
    constexpr std::size_t uuid_length = 36;
    return name.size() > uuid_length && name[8] == '-' && name[uuid_length] == '-';
  }

  std::string content_of(const fs::directory_entry& entry) const {
    if (entry.is_symlink()) return "-> " + fs::read_symlink(entry).string();
    auto text = read_text(entry.path());
    if (is_full_ && text.starts_with(R"({"sum":")")) erase_record_header(text);
    return text;
  }

  /// Removes the checksum of a record and the ifindexes after it.
  static void erase_record_header(std::string& text) {
    const auto next = text.find(R"("format":)");
    if (next != std::string::npos) text.erase(0, next);
  }

  Snapshot& snapshot_;
  const Namespace* netns_;
  bool is_full_;
};

Snapshot snapshot_of_node(bool is_full) {
  Snapshot snapshot;
  SnapshotBuilder builder{snapshot, nullptr, is_full};
  builder.add_network();
  for (const char* root : {state_root, "/run/cni", "/var/lib"}) builder.add_files(root);
  return snapshot;
}

Snapshot with_path(const Namespace& netns, const auto& lines) {
  Snapshot snapshot;
  for (const auto& line : lines) snapshot.lines.insert(netns.path() + ": " + line);
  return snapshot;
}

}  // namespace

Snapshot Snapshot::take() { return snapshot_of_node(false); }

Snapshot Snapshot::take_settled() { return settled(take, std::chrono::milliseconds{50} * slowness()); }

Snapshot Snapshot::take_full() { return snapshot_of_node(true); }

Snapshot Snapshot::of_namespace(const Namespace& netns) {
  const auto look = [] {
    auto lines = proc_network();
    for (const auto& setting : proc_settings()) lines.push_back("setting " + setting);
    return lines;
  };
  return with_path(netns, in(netns, look));
}

Snapshot Snapshot::of_namespace_full(const Namespace& netns) {
  Snapshot found;
  SnapshotBuilder{found, &netns, true}.add_network();
  return with_path(netns, found.lines);
}

void Snapshot::add(const Snapshot& other) { lines.insert(other.lines.begin(), other.lines.end()); }

void Snapshot::replace(const std::string& text, const std::string& by) {
  std::multiset<std::string> replaced;
  for (auto line : lines) {
    for (auto at = line.find(text); at != std::string::npos; at = line.find(text, at + by.size()))
      line.replace(at, text.size(), by);
    replaced.insert(std::move(line));
  }
  lines = std::move(replaced);
}

std::string difference(const Snapshot& before, const Snapshot& after) {
  std::vector<std::string> gone;
  std::vector<std::string> left;
  std::ranges::set_difference(before.lines, after.lines, std::back_inserter(gone));
  std::ranges::set_difference(after.lines, before.lines, std::back_inserter(left));
  std::string text;
  for (const auto& line : gone) text += "- " + line + "\n";
  for (const auto& line : left) text += "+ " + line + "\n";
  return text;
}

testing::AssertionResult unchanged_since(const Snapshot& before) {
  const auto changes = difference(before, Snapshot::take());
  if (changes.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the node has changed:\n" << changes;
}

}  // namespace support
