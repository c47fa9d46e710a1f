#include "integration/support/snapshot.hpp"

#include "integration/support/command.hpp"

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

using nlohmann::json;

constexpr std::array volatile_keys{"handle",   "valid_life_time", "preferred_life_time", "expires", "tentative",
                                   "metainfo", "operstate"};

// Whether the other end is up: the kernel notes it some time after the fact.
constexpr std::array carrier_flags{"NO-CARRIER", "LOWER_UP", "linkdown"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool changes_by_itself(std::string_view key) { return key.ends_with("_timer") || contains(volatile_keys, key); }

void strip_flags(json& object) {
  if (!object.is_object() || !object.contains("flags") || !object.at("flags").is_array()) return;
  json stable = json::array();
  for (const auto& flag : object.at("flags")) {
    if (!flag.is_string() || !contains(carrier_flags, flag.get<std::string>())) stable.push_back(flag);
  }
  object["flags"] = stable;
}

void strip(json& value) {
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

json ask(const std::vector<std::string>& argv) {
  const auto outcome = run({.argv = argv});
  if (outcome.exit != 0) throw std::runtime_error(argv.at(0) + " failed: " + outcome.err);
  auto value = outcome.out.empty() ? json::array() : json::parse(outcome.out);
  strip(value);
  return value;
}

void note_list(Snapshot& snapshot, const std::string& subject, const std::vector<std::string>& argv) {
  for (const auto& entry : ask(argv)) {
    if (!entry.empty()) snapshot.lines.insert(subject + " " + entry.dump());
  }
}

bool is_own_table(const json& content) {
  return content.value("table", content.value("name", "")) == "veth_cni" &&
         (content.value("family", "") == "inet" || content.value("family", "") == "bridge");
}

void note_elements(Snapshot& snapshot, const json& content) {
  for (const auto& element : content.value("elem", json::array())) {
    snapshot.lines.insert("nft element " + content.value("family", "") + " veth_cni " + content.value("name", "") +
                          " " + element.dump());
  }
}

void note_nftables(Snapshot& snapshot) {
  const auto ruleset = ask({"nft", "-j", "list", "ruleset"});
  for (const auto& object : ruleset.at("nftables")) {
    if (object.empty()) continue;  // metainfo
    const auto& content = object.begin().value();
    if (is_own_table(content)) {
      note_elements(snapshot, content);
    } else {
      snapshot.lines.insert("nft " + object.dump());
    }
  }
}

// Locks, and where the next search for an address begins: they say nothing about who holds what.
bool is_memory(const std::string& name) {
  return name == "lock" || name == "locks" || name.starts_with("cursor") || name.starts_with(".cursor") ||
         name.starts_with("last_reserved_ip");
}

std::string content_of(const std::filesystem::directory_entry& entry) {
  if (entry.is_symlink()) return "-> " + std::filesystem::read_symlink(entry).string();
  std::ostringstream text;
  text << std::ifstream{entry.path()}.rdbuf();
  return text.str();
}

void note_files(Snapshot& snapshot, const std::string& root) {
  if (!std::filesystem::exists(root)) return;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    const bool is_folder = entry.is_directory() && !entry.is_symlink();
    if (is_folder || is_memory(entry.path().filename())) continue;
    snapshot.lines.insert("file " + entry.path().string() + " " + content_of(entry));
  }
}

}  // namespace

Snapshot Snapshot::take() {
  Snapshot snapshot;
  note_list(snapshot, "link", {"ip", "-j", "-d", "link"});
  note_list(snapshot, "address", {"ip", "-j", "address"});
  for (const std::string family : {"-4", "-6"}) {
    note_list(snapshot, "route", {"ip", "-j", family, "route", "show", "table", "all"});
    note_list(snapshot, "rule", {"ip", "-j", family, "rule"});
    note_list(snapshot, "proxy", {"ip", "-j", family, "neighbour", "show", "proxy"});
  }
  note_list(snapshot, "neighbour", {"ip", "-j", "neighbour", "show", "nud", "permanent"});
  note_list(snapshot, "qdisc", {"tc", "-j", "qdisc"});
  note_nftables(snapshot);
  for (const char* root : {"/run/veth-cni", "/run/cni", "/var/lib"}) note_files(snapshot, root);
  return snapshot;
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
