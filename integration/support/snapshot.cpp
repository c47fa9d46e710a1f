#include "integration/support/snapshot.hpp"

#include "integration/support/command.hpp"
#include "integration/support/namespace.hpp"
#include "integration/support/proc_network.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace support {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Bridges are named by their MACs besides, and those stand elsewhere.
constexpr std::array volatile_keys{"handle",    "valid_life_time",   "preferred_life_time", "expires",
                                   "tentative", "metainfo",          "operstate",           "bridge_id",
                                   "root_id",   "designated_bridge", "designated_root"};

/// Numbers that the kernel gives in the order in which things come.
constexpr std::array serial_keys{"ifindex", "link_index", "link_netnsid", "iif_index", "index", "fh"};

// Whether the other end is up: the kernel notes it some time after the fact.
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

/// Who looks, and at how much.
class Looker {
 public:
  Looker(Snapshot& snapshot, const Namespace* place, bool is_whole)
      : snapshot_(snapshot), place_(place), is_whole_(is_whole) {}

  void note_network() {
    note_links();
    note_family("4");
    note_family("6");
    note_queueing();
    note_bridges();
    note_nftables();
    note_settings();
  }

  void note_files(const fs::path& root) {
    if (!fs::exists(root)) return;
    for (const auto& entry : fs::recursive_directory_iterator{root}) {
      const bool is_folder = !entry.is_symlink() && entry.is_directory();
      if (is_folder || (!is_whole_ && is_memory(entry.path())) || is_trace(entry.path().filename())) continue;
      note("file", path_of(entry) + " " + content_of(entry));
    }
  }

 private:
  void note(const std::string& subject, const std::string& text) { snapshot_.lines.insert(subject + " " + text); }

  void note_all(const std::string& subject, const json& list) {
    for (const auto& entry : list) {
      if (!entry.empty()) note(subject, entry.dump());
    }
  }

  bool changes_by_itself(std::string_view key) const {
    return key.ends_with("_timer") || contains(volatile_keys, key) || (is_whole_ && contains(serial_keys, key));
  }

  void strip(json& value) const {
    strip_flags(value);
    if (value.is_object()) {
      for (auto member = value.begin(); member != value.end();) {
        member = changes_by_itself(member.key()) ? value.erase(member) : std::next(member);
      }
    }
    if (value.is_structured()) {
      for (auto& member : value) strip(member);
    }
  }

  /// The answers of one program to several questions, each a line of its standard input.
  std::vector<json> ask(std::vector<std::string> argv, const std::vector<std::string>& questions) const {
    std::string input;
    for (const auto& question : questions) input += question + "\n";
    const auto outcome = run({.argv = std::move(argv), .input = input, .inside = place_});
    if (outcome.exit != 0) throw std::runtime_error("cannot look at the network: " + outcome.err);
    std::vector<json> answers;
    std::istringstream text{outcome.out};
    for (std::size_t number = 0; number < questions.size(); ++number) {
      auto& answer = answers.emplace_back(json::array());
      if (text >> std::ws && !text.eof()) text >> answer;
      strip(answer);
    }
    return answers;
  }

  void note_links() {
    const auto answers = ask({"ip", "-j", "-d", "-batch", "-"}, {"address", "neighbour show nud all"});
    for (auto link : answers.at(0)) {
      if (link.empty()) continue;
      const auto name = link.at("ifname").get<std::string>();
      note_all("address " + name, link.value("addr_info", json::array()));
      link.erase("addr_info");
      note("link", link.dump());
    }
    for (auto neighbour : answers.at(1)) {
      const bool is_permanent = neighbour.value("state", json::array()) == json{"PERMANENT"};
      if (!is_permanent && !neighbour.contains("extern_learn")) continue;
      if (!is_permanent) neighbour.erase("state");
      note("neighbour", neighbour.dump());
    }
  }

  void note_family(const std::string& family) {
    const auto answers =
        ask({"ip", "-" + family, "-j", "-d", "-batch", "-"}, {"route show table all", "rule", "neighbour show proxy"});
    for (const auto& route : answers.at(0)) {
      if (is_whole_ || route.value("type", "") != "anycast") note("route", route.dump());
    }
    note_all("rule", answers.at(1));
    note_all("proxy", answers.at(2));
  }

  void note_queueing() {
    const std::vector<std::string> tc{"tc", "-j", "-d", "-batch", "-"};
    const auto qdiscs = ask(tc, {"qdisc"}).at(0);
    note_all("qdisc", qdiscs);
    std::vector<std::string> filters;
    for (const auto& qdisc : qdiscs) {
      const auto kind = qdisc.value("kind", "");
      const auto device = qdisc.value("dev", "");
      if (kind == "ingress" || kind == "clsact") filters.push_back("filter show dev " + device + " ingress");
      if (kind != "noqueue") note_classes(device);
    }
    if (filters.empty()) return;
    const auto answers = ask(tc, filters);
    for (std::size_t number = 0; number < filters.size(); ++number) note_all(filters[number], answers[number]);
  }

  /// tc knows no JSON for them.
  void note_classes(const std::string& device) {
    const auto outcome = run({.argv = {"tc", "class", "show", "dev", device}, .inside = place_});
    if (outcome.exit != 0) throw std::runtime_error("tc failed: " + outcome.err);
    std::istringstream text{outcome.out};
    for (std::string line; std::getline(text, line);) note("class " + device, line);
  }

  /// What a bridge has learned by itself it forgets by itself.
  void note_bridges() {
    const auto answers = ask({"bridge", "-j", "-batch", "-"}, {"fdb", "vlan"});
    for (const auto& entry : answers.at(0)) {
      if (entry.value("state", "") == "permanent" && (is_whole_ || !is_group(entry))) note("fdb", entry.dump());
    }
    note_all("vlan", answers.at(1));
  }

  /// One that an interface listens to: a host that forwards is in all of its routers, which is an anycast address, too.
  static bool is_group(const json& entry) {
    const auto mac = entry.value("mac", "");
    return mac.starts_with("33:33:") || mac.starts_with("01:00:5e:");
  }

  static bool is_own_table(const json& content) {
    const auto family = content.value("family", "");
    return content.value("table", content.value("name", "")) == "veth_cni" && (family == "inet" || family == "bridge");
  }

  void note_elements(json& content) {
    const auto set = content.value("family", "") + " veth_cni " + content.value("name", "");
    for (const auto& element : content.value("elem", json::array())) note("nft element " + set, element.dump());
    content.erase("elem");
  }

  void note_nftables() {
    const auto ruleset = ask({"nft", "--stateless", "-j", "list", "ruleset"}, {""}).at(0);
    for (auto object : ruleset.at("nftables")) {
      if (object.empty()) continue;  // metainfo
      auto& content = object.begin().value();
      const bool is_own = is_own_table(content);
      if (is_own) note_elements(content);
      if (!is_own || is_whole_) note("nft", object.dump());
    }
  }

  /// /proc/sys/net shows the namespace of whoever looks.
  void note_settings() {
    for (const auto& setting : place_ == nullptr ? proc_settings() : in(*place_, proc_settings)) {
      if (is_whole_ || !belongs_to_forwarding(setting)) note("setting", setting);
    }
  }

  /// The kernel changes the second of these with the first; before it IPv6 needs the third.
  static bool belongs_to_forwarding(std::string_view setting) {
    return setting.find(" forwarding ") != std::string_view::npos ||
           setting.starts_with("ipv4 all accept_redirects ") || setting.find(" accept_ra ") != std::string_view::npos;
  }

  /// Which other state folders there are; it says nothing about who holds what.
  static bool is_memory(const fs::path& path) { return path.parent_path().filename() == "data-dirs"; }

  // Locks, where the next search for an address begins (with a dot: half written by a call that was killed), what the
  // folder keeps of gateways in general, and logs.
  static bool is_trace(const std::string& name) {
    return name == "lock" || name == "locks" || name == ".claims" || name == ".unrecorded" ||
           name.starts_with("cursor") || name.starts_with(".cursor") || name.starts_with("last_reserved_ip") ||
           name.ends_with(".log");
  }

  std::string path_of(const fs::directory_entry& entry) const {
    if (!is_whole_) return entry.path().string();
    fs::path path;
    for (const auto& part : entry.path()) path /= is_name_of_node(part.string()) ? fs::path{"NODE"} : part;
    return path.string();
  }

  /// A boot's UUID, and a number.
  static bool is_name_of_node(std::string_view name) {
    constexpr std::size_t uuid_length = 36;
    return name.size() > uuid_length && name[8] == '-' && name[uuid_length] == '-';
  }

  std::string content_of(const fs::directory_entry& entry) const {
    if (entry.is_symlink()) return "-> " + fs::read_symlink(entry).string();
    std::ostringstream stream;
    stream << std::ifstream{entry.path()}.rdbuf();
    auto text = stream.str();
    if (is_whole_ && text.starts_with(R"({"sum":")")) erase_what_differs_each_time(text);
    return text;
  }

  /// In a record the sum, and the ifindexes of the ends that follow it.
  static void erase_what_differs_each_time(std::string& text) {
    const auto next = text.find(R"("format":)");
    if (next != std::string::npos) text.erase(0, next);
  }

  Snapshot& snapshot_;
  const Namespace* place_;
  bool is_whole_;
};

Snapshot of_node(bool is_whole) {
  Snapshot snapshot;
  Looker looker{snapshot, nullptr, is_whole};
  looker.note_network();
  for (const char* root : {"/run/veth-cni", "/run/cni", "/var/lib"}) looker.note_files(root);
  return snapshot;
}

Snapshot named(const Namespace& place, const auto& lines) {
  Snapshot snapshot;
  for (const auto& line : lines) snapshot.lines.insert(place.path() + ": " + line);
  return snapshot;
}

}  // namespace

Snapshot Snapshot::take() { return of_node(false); }
Snapshot Snapshot::take_whole() { return of_node(true); }

Snapshot Snapshot::inside(const Namespace& place) {
  const auto look = [] {
    auto lines = proc_network();
    for (const auto& setting : proc_settings()) lines.push_back("setting " + setting);
    return lines;
  };
  return named(place, in(place, look));
}

Snapshot Snapshot::inside_whole(const Namespace& place) {
  Snapshot found;
  Looker{found, &place, true}.note_network();
  return named(place, found.lines);
}

void Snapshot::add(const Snapshot& other) { lines.insert(other.lines.begin(), other.lines.end()); }

void Snapshot::replace(const std::string& text, const std::string& by) {
  std::multiset<std::string> replaced;
  for (auto line : lines) {
    for (auto place = line.find(text); place != std::string::npos; place = line.find(text, place + by.size()))
      line.replace(place, text.size(), by);
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
