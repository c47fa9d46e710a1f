#include "plugin/vethctl/probe/endpoints.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace probe {
namespace {

using inspect::Attachment;

constexpr std::string_view port_start = "host:";

bool is_tested(const cni::IpAddress& address) {
  return !cni::is_link_local(address) && !cni::is_loopback(address) && !cni::is_multicast(address);
}

std::vector<cni::IpAddress> tested(const std::vector<cni::Prefix>& prefixes) {
  std::vector<cni::IpAddress> addresses;
  for (const auto& prefix : prefixes) {
    if (is_tested(prefix.address)) addresses.push_back(prefix.address);
  }
  return addresses;
}

bool has(const std::vector<cni::Prefix>& prefixes, const cni::IpAddress& address) {
  return std::ranges::find(prefixes, address, &cni::Prefix::address) != prefixes.end();
}

Endpoint container_end(const Attachment& attachment, const std::string& word) {
  if (attachment.netns.empty()) {
    throw cni::Error{cni::ErrorCode::invalid_netns, "the network namespace of " + text::quoted(word) + " is unknown",
                     "its record is missing or cannot be read. See vethctl check"};
  }
  return {.name = word,
          .netns = attachment.netns,
          .interface = attachment.identity.interface,
          .host_interface = attachment.host_interface,
          .bridge = attachment.bridge,
          .addresses = tested(attachment.addresses)};
}

Endpoint other_end(const Attachment& attachment, const std::string& word) {
  return {.name = word,
          .netns = attachment.peer_netns,
          .interface = attachment.peer_interface,
          .addresses = tested(attachment.peer_addresses)};
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc{} && end == text.data() + text.size() && port != 0) return port;
  throw cni::Error{cni::ErrorCode::invalid_environment,
                   text::quoted(std::string{port_start} + std::string{text}) + ": the port must be 1 to 65535"};
}

/// The attachment to which a TCP port of the host is mapped; null: none. Mappings are "8080:80/tcp" or
/// "192.0.2.1:8080:80/tcp".
const Attachment* find_target(const KnownEnds& known, std::uint16_t port) {
  const auto host_port = std::to_string(port) + ':';
  const auto is_mapping = [&](const std::string& mapping) {
    const auto start = mapping.rfind(host_port);
    const bool is_whole = start == 0 || (start != std::string::npos && mapping[start - 1] == ':');
    return is_whole && mapping.ends_with("/tcp") && mapping.find(':', start + host_port.size()) == std::string::npos;
  };
  const auto found = std::ranges::find_if(known.attachments, [&](const Attachment& attachment) {
    return std::ranges::any_of(attachment.ports, is_mapping);
  });
  return found == known.attachments.end() ? nullptr : &*found;
}

/// With a mapped port, packets pass the host end of an attachment.
Endpoint host_end(const KnownEnds& known, const std::string& word) {
  Endpoint host{.name = word, .netns = inspect::host_namespace_path, .addresses = tested(known.host_addresses)};
  if (!word.starts_with(port_start)) return host;
  host.port = parse_port(std::string_view{word}.substr(port_start.size()));
  if (const auto* target = find_target(known, host.port)) {
    host.host_interface = target->host_interface;
    host.bridge = target->bridge;
  }
  return host;
}

/// The end of an attachment, the host, or another machine that has the address.
Endpoint end_with_address(const KnownEnds& known, const cni::IpAddress& address, const std::string& word) {
  Endpoint found{.name = word};
  if (has(known.host_addresses, address)) found.netns = inspect::host_namespace_path;
  for (const auto& attachment : known.attachments) {
    if (has(attachment.addresses, address)) found = container_end(attachment, word);
    if (has(attachment.peer_addresses, address)) found = other_end(attachment, word);
  }
  found.addresses = {address};
  return found;
}

/// The second end of a cable, by name or path of its namespace.
const Attachment* find_cable(const KnownEnds& known, const std::string& word) {
  const auto found = std::ranges::find_if(known.attachments, [&](const Attachment& attachment) {
    const auto& path = attachment.peer_netns;
    return !path.empty() && path != inspect::host_namespace_path && (path == word || path == "/run/netns/" + word);
  });
  return found == known.attachments.end() ? nullptr : &*found;
}

bool has_container(const KnownEnds& known, const std::string& word) {
  return std::ranges::any_of(known.attachments,
                             [&](const Attachment& attachment) { return attachment.identity.container == word; });
}

}  // namespace

Endpoint find_endpoint(const KnownEnds& known, const std::string& word, const Selection& select) {
  if (word == "host" || word.starts_with(port_start)) return host_end(known, word);
  if (const auto address = cni::find_address(word)) return end_with_address(known, *address, word);
  const auto* cable = has_container(known, word) ? nullptr : find_cable(known, word);
  if (cable != nullptr) return other_end(*cable, word);
  return container_end(select(word), word);
}

void prefer_addresses_near(Endpoint& host, const Endpoint& other, const KnownEnds& known) {
  if (host.netns != inspect::host_namespace_path) return;
  const auto is_near = [&](const cni::IpAddress& address) {
    return std::ranges::any_of(known.attachments, [&](const Attachment& attachment) {
      return attachment.netns == other.netns && attachment.identity.interface == other.interface &&
             std::ranges::any_of(attachment.addresses,
                                 [&](const cni::Prefix& prefix) { return cni::contains(prefix, address); });
    });
  };
  std::stable_partition(host.addresses.begin(), host.addresses.end(), is_near);
}

}  // namespace probe
