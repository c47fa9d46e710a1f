#include "integration/support/nftables.hpp"

#include "integration/support/command.hpp"

#include <stdexcept>

namespace support {
namespace {

constexpr const char* own_table = "veth_cni";

std::string join(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

std::string run_nft(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> argv{"nft"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const auto outcome = run({.argv = argv, .input = input});
  if (outcome.exit != 0) throw std::runtime_error(join(argv) + ": " + outcome.err);
  return outcome.out;
}

/// The objects of one kind ("table", "set", "map") in the output of `nft -j`.
std::vector<json> objects(const std::vector<std::string>& arguments, const std::string& kind) {
  std::vector<json> found;
  const auto answer = json::parse(nft(arguments));
  for (const auto& object : answer.at("nftables")) {
    if (object.contains(kind)) found.push_back(object.at(kind));
  }
  return found;
}

std::string list(const json& table, const std::string& option) {
  return nft({option, "list", "table", table.at("family").get<std::string>(), table.at("name").get<std::string>()});
}

/// In a map, an element is a list of key and value.
std::string comment_of(const json& content) {
  const auto& element = content.is_array() ? content.at(0) : content;
  return element.at("elem").value("comment", "");
}

void add_elements(const json& set, std::vector<Element>& elements) {
  if (set.at("table") != own_table) return;
  for (const auto& element : set.value("elem", json::array())) {
    elements.push_back(
        {set.at("family").get<std::string>(), set.at("name").get<std::string>(), element, comment_of(element)});
  }
}

std::string list_tables(const std::string& option, bool own) {
  std::string text;
  for (const auto& table : objects({"-j", "list", "tables"}, "table")) {
    if ((table.at("name") == own_table) == own) text += list(table, option);
  }
  return text;
}

}  // namespace

std::string nft(const std::vector<std::string>& arguments) { return run_nft(arguments, ""); }

void load_ruleset(const std::string& commands) { run_nft({"-f", "-"}, commands); }

std::string nft_errors(const std::string& commands) {
  return run({.argv = {"nft", "-c", "-f", "-"}, .input = commands}).err;
}

std::vector<Element> own_elements() {
  std::vector<Element> elements;
  for (const char* kind : {"set", "map"}) {
    for (const auto& set : objects({"-j", "list", "ruleset"}, kind)) add_elements(set, elements);
  }
  return elements;
}

std::vector<std::string> own_sets_with(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& element : own_elements()) {
    if (element.content.dump().find(text) != std::string::npos) names.push_back(element.set);
  }
  return names;
}

std::string own_rules() { return list_tables("--terse", true); }

std::string foreign_tables() { return list_tables("--stateless", false); }

}  // namespace support
