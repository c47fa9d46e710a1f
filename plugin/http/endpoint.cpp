#include "plugin/http/endpoint.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

#include <charconv>
#include <optional>
#include <system_error>

namespace http {
namespace {

constexpr std::uint16_t https_port = 443;
constexpr std::uint16_t http_port = 80;

[[noreturn]] void reject(std::string_view url) {
  throw cni::Error{cni::ErrorCode::invalid_config,
                   text::quoted(url) + R"( must have the form "https://ADDRESS:PORT" with an IP address, such as )"
                                       R"("https://192.0.2.1:2379" or "https://[2001:db8::1]:2379")"};
}

bool remove_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::uint16_t> find_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && rest == end && port != 0 ? std::optional{port} : std::nullopt;
}

/// The end of the address: after the bracket of an IPv6 address, or before the colon.
std::size_t end_of_host(std::string_view text) {
  const auto bracket = text.find(']');
  return std::min(text.starts_with('[') && bracket != std::string_view::npos ? bracket + 1 : text.find(':'),
                  text.size());
}

std::optional<cni::IpAddress> find_host(std::string_view text) {
  const bool is_in_brackets = text.starts_with('[') && text.ends_with(']');
  const auto address = cni::find_address(is_in_brackets ? text.substr(1, text.size() - 2) : text);
  const bool is_ipv6 = address && address->family == cni::Family::ipv6;
  return address && is_ipv6 == is_in_brackets ? address : std::nullopt;
}

}  // namespace

Endpoint read_endpoint(std::string_view url) {
  auto rest = url;
  Endpoint endpoint;
  endpoint.is_encrypted = remove_prefix(rest, "https://");
  if (!endpoint.is_encrypted && !remove_prefix(rest, "http://")) reject(url);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto end = end_of_host(rest);
  const auto address = find_host(rest.substr(0, end));
  if (!address) reject(url);
  endpoint.address = *address;
  endpoint.port = endpoint.is_encrypted ? https_port : http_port;
  rest.remove_prefix(end);
  if (rest.empty()) return endpoint;
  const auto port = rest.starts_with(':') ? find_port(rest.substr(1)) : std::nullopt;
  if (!port) reject(url);
  endpoint.port = *port;
  return endpoint;
}

std::string host_of(const Endpoint& endpoint) {
  const auto address = cni::to_string(endpoint.address);
  const auto host = endpoint.address.family == cni::Family::ipv6 ? '[' + address + ']' : address;
  return host + ':' + std::to_string(endpoint.port);
}

std::string to_string(const Endpoint& endpoint) {
  return (endpoint.is_encrypted ? "https://" : "http://") + host_of(endpoint);
}

}  // namespace http
