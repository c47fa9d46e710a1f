#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace report {

/// An interface of a container.
struct Interface {
  std::string name;
  std::string network{};  ///< empty: the other end of a pair between two namespaces
  inspect::State state = inspect::State::live;
  std::vector<std::string> addresses{};
  std::vector<std::string> services{};  ///< format_services() of the attachment

  bool operator==(const Interface&) const = default;
};

/// A network namespace other than the host's.
struct NamespaceBox {
  std::string title;       ///< the container; the namespace if no container is in it
  std::string subtitle{};  ///< the namespace, if its name differs from the title
  std::vector<Interface> interfaces{};

  bool operator==(const NamespaceBox&) const = default;
};

/// Indexes of an interface in Picture::namespaces.
struct InterfacePosition {
  std::size_t netns = 0;
  std::size_t interface = 0;

  bool operator==(const InterfacePosition&) const = default;
};

/// A veth pair.
struct VethPair {
  InterfacePosition end;                     ///< the container end
  std::optional<InterfacePosition> other{};  ///< the end in a second namespace; nullopt: the other end is on the host
  std::string host_interface{};  ///< name of the host end; with its addresses if `vethctl connect` created the pair
  std::string bridge{};          ///< bridge whose port the host end is; empty: none
  inspect::State state = inspect::State::live;

  bool operator==(const VethPair&) const = default;
};

/// A node as boxes and veth pairs: the common input of all drawings.
struct Picture {
  std::string host;
  std::vector<std::string> gateways{};
  std::vector<inspect::Bridge> bridges{};  ///< a missing bridge has no MAC
  std::vector<NamespaceBox> namespaces{};
  std::vector<VethPair> pairs{};  ///< routed pairs, then ports by bridge, then pairs between namespaces

  bool operator==(const Picture&) const = default;
};

Picture picture(const inspect::Node& node);

/// Mapped ports and rate limits: "port 8080:80/tcp", "ingress 20 Mbit/s". Of many ports the first ones, and their
/// number.
std::vector<std::string> format_services(const inspect::Attachment& attachment);

/// The name of the host end; if `vethctl connect` created it, also its addresses.
std::string host_end_label(const inspect::Attachment& attachment);

const Interface& interface_at(const Picture& picture, const InterfacePosition& position);

/// The addresses, then the services.
std::vector<std::string> lines_of(const Interface& interface);

/// "up" or "down", then the addresses; "missing" if the bridge does not exist.
std::vector<std::string> format_bridge(const inspect::Bridge& bridge);

// Identifiers and labels of boxes in graph languages; a label has one line for each value.
std::string box_id(const InterfacePosition& position);
std::string port_id(std::size_t pair);
std::string label(const NamespaceBox& netns);
std::string label(const Interface& interface);
/// The network, and the state unless it is live.
std::string label(const Picture& picture, const VethPair& pair);

}  // namespace report
