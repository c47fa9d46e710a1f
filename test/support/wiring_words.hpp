#pragma once

#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

// The parts of a wiring in the syntax of ip(8), so that expectations are lists of lines, and failures are readable.
namespace test {

/// "10.1.2.0/24 via 10.1.2.1 src 10.1.2.5 mtu 1400 advmss 1360 metric 7 table 100 scope 253 exclusive"
std::string words(const wiring::Route& route);

/// "10.1.2.5/24 noprefixroute"
std::string words(const wiring::Address& address);

/// "10.1.2.1 lladdr 02:..."
std::string words(const wiring::Neighbour& neighbour);
std::string words(const cni::IpAddress& address);

template <class Value>
std::vector<std::string> words(const std::vector<Value>& values) {
  std::vector<std::string> lines;
  for (const auto& value : values) lines.push_back(words(value));
  return lines;
}

}  // namespace test
