#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace support {

using nlohmann::json;

/// The output of `nft ARGUMENTS` on the host. Throws std::runtime_error with its error message if it fails.
std::string nft(const std::vector<std::string>& arguments);

/// Loads a ruleset or a list of commands. Throws like nft().
void load_ruleset(const std::string& commands);

/// The error messages of `nft -c` for these commands; empty: they are valid.
std::string nft_errors(const std::string& commands);

/// One element of a set or map of our tables.
struct Element {
  std::string family;  ///< of the table: "inet" or "bridge"
  std::string set;
  json content;         ///< as in the output of `nft -j`
  std::string comment;  ///< identifies network and attachment
};

std::vector<Element> own_elements();

/// The sets and maps with an element that contains the text.
std::vector<std::string> own_sets_with(const std::string& text);

/// Our tables as `nft list table` prints them, without elements.
std::string own_rules();

/// All other tables as `nft list table` prints them, without counters.
std::string foreign_tables();

}  // namespace support
