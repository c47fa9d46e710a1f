#include "test/support/wiring_words.hpp"

#include <concepts>
#include <optional>

namespace test {
namespace {

std::string text(const cni::IpAddress& address) { return cni::to_string(address); }
std::string text(std::unsigned_integral auto number) { return std::to_string(number); }

template <class Value>
std::string part(const char* word, const std::optional<Value>& value) {
  return value ? std::string{" "} + word + ' ' + text(*value) : std::string{};
}

}  // namespace

std::string words(const wiring::Route& route) {
  return cni::to_string(route.destination) + part("via", route.gateway) + part("src", route.source) +
         part("mtu", route.mtu) + part("advmss", route.advmss) + part("metric", route.priority) +
         part("table", route.table) + part("scope", route.scope) + (route.exclusive ? " exclusive" : "");
}

std::string words(const wiring::Address& address) {
  return cni::to_string(address.prefix) + (address.prefix_route ? "" : " noprefixroute");
}

std::string words(const wiring::Neighbour& neighbour) {
  return cni::to_string(neighbour.address) + " lladdr " + cni::to_string(neighbour.mac);
}

std::string words(const cni::IpAddress& address) { return cni::to_string(address); }

}  // namespace test
