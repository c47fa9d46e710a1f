#pragma once

#include "plugin/ovs/port.hpp"
#include "plugin/ovs/requests.hpp"
#include "plugin/wiring/observed.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the database of Open vSwitch answers. Each reader takes the results of one request and returns nullopt for
// results of another form.
namespace ovs {

/// The length of the JSON object at the beginning of the text; nullopt: it is incomplete. Messages have no separator.
/// Throws cni::Error decoding_failure if the text begins with something else.
std::optional<std::size_t> message_length(std::string_view text);

/// A message from the database.
struct Message {
  enum class Kind {
    answer,  ///< to a request of this plugin
    echo,    ///< the database tests the connection
    other    ///< to be ignored
  };

  Kind kind = Kind::other;
  RequestId id = 0;          ///< of an answer
  std::string results{};     ///< of an answer: a JSON array
  std::string error{};       ///< of an answer: why the request was refused; empty: it was not
  std::string echo_id{};     ///< of an echo: a JSON text
  std::string parameters{};  ///< of an echo: a JSON text

  bool operator==(const Message&) const = default;
};

/// Throws cni::Error decoding_failure if the text is not a JSON object.
Message read_message(std::string_view text);

/// Why a transaction failed.
struct Refusal {
  std::string error{};  ///< "timed out", "constraint violation", "duplicate uuid" or another one
  std::string details{};
  std::size_t operation = 0;  ///< which one failed; the number of operations: the commit

  bool operator==(const Refusal&) const = default;
};

/// nullopt if the transaction was committed.
std::optional<Refusal> find_refusal(const std::string& results);

/// What ovs-vswitchd has made of an interface.
struct InterfaceState {
  std::int64_t ofport = 0;  ///< -1: it could not be opened; 0: not known yet
  std::string error{};

  bool operator==(const InterfaceState&) const = default;
};

/// Of await_port(): the second result.
std::optional<InterfaceState> read_interface_state(const std::string& results);

/// Of add_port(): whether the datapath is in user space.
std::optional<bool> read_added(const std::string& results);

/// Of remove_ports(): which ports existed.
struct Removed {
  std::size_t count = 0;
  bool is_in_user_space = false;  ///< the datapath of one of them

  bool operator==(const Removed&) const = default;
};
std::optional<Removed> read_removed(const std::string& results);

/// Of request_configuration().
std::optional<std::int64_t> read_configuration_number(const std::string& results);

/// Of find_bridge(): false if it does not exist.
std::optional<bool> read_bridge_exists(const std::string& results);

/// Of find_port(): a port, its interface and its bridge. Throws cni::Error decoding_failure for another form; nullopt:
/// the port does not exist.
std::optional<wiring::ObservedOvsPort> read_port(const std::string& results);

/// Of list_ports().
std::vector<StoredPort> read_ports(const std::string& results);

}  // namespace ovs
