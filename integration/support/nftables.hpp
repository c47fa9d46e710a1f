#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace support {

using nlohmann::json;

/// What `nft ARGUMENTS` says on the host. Throws std::runtime_error with its complaint where it fails.
std::string nft(const std::vector<std::string>& arguments);

/// Has nft carry out a file of commands, as a listing is one. Throws as above.
void load_ruleset(const std::string& commands);

/// Has it read them, and nothing more: its complaint, empty where it has none.
std::string complaint_about(const std::string& commands);

/// One element of a set or map of our tables.
struct Element {
  std::string family;  ///< of the table: "inet" or "bridge"
  std::string set;
  json content;         ///< as `nft -j` gives it
  std::string comment;  ///< whose it is
};

std::vector<Element> own_elements();

/// The sets and maps that have an element in which the text occurs.
std::vector<std::string> own_sets_with(const std::string& text);

/// Our tables as `nft list table` prints them, without elements.
std::string own_rules();

/// All tables but ours, as `nft list table` prints them, without counters, which change by themselves.
std::string foreign_tables();

}  // namespace support
