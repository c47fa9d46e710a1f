#include "plugin/cni/request.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/plugin_folders.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace cni {
namespace {

/// GC of 50,000 attachments needs 11 MiB: libcni sends the list of valid attachments under two keys.
constexpr std::size_t max_input_bytes = std::size_t{16} << 20U;

void refuse_reserved_names(const std::string& interface) {
  constexpr std::array<std::string_view, 3> names{"lo", "all", "default"};
  if (std::ranges::find(names, interface) == names.end()) return;
  throw Error(ErrorCode::invalid_environment, "interface name is reserved by the kernel",
              "CNI_IFNAME is " + text::quoted(interface));
}

bool is_add_or_check(Verb verb) { return verb == Verb::add || verb == Verb::check; }
bool has_container(Verb verb) { return is_add_or_check(verb) || verb == Verb::del; }

// GC, STATUS and VERSION have none.
Args args_for(Verb verb, const std::string& text) { return has_container(verb) ? parse_args(text) : Args{}; }

void check_size(std::string_view input) {
  if (input.size() <= max_input_bytes) return;
  throw Error(ErrorCode::decoding_failure, "the network configuration is larger than 16 MiB");
}

NetworkConfig parse_config(const Request& request, std::string_view input, Role role, const Dialect& dialect) {
  switch (role) {
    case Role::plugin:
      return parse_network_config(input, request.verb, request.args, dialect);
    case Role::ipam:
      return parse_ipam_request(input, request.verb, request.args, dialect.ipam);
    case Role::loopback:
      return parse_common_config(input, request.verb);
  }
  return {};
}

}  // namespace

Request parse_request(const Environment& environment, std::string input, Role role, const Dialect& dialect) {
  const Verb verb = checked_verb(environment);
  Request request;
  request.verb = verb;
  if (role == Role::plugin && is_add_or_check(verb)) refuse_reserved_names(environment.ifname);
  if (verb != Verb::version) {
    check_size(input);
    request.args = args_for(verb, environment.args);
    request.config = parse_config(request, input, role, dialect);
  }
  request.attachment.network = request.config.name;
  if (has_container(verb)) {
    request.attachment.container = environment.container_id;
    request.attachment.interface = environment.ifname;
    request.netns = environment.netns;
  }
  request.netns_override = environment.netns_override;
  request.plugin_path = plugin_folders(environment.path);
  request.input = std::move(input);
  return request;
}

}  // namespace cni
