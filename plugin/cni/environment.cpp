#include "plugin/cni/environment.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <boost/program_options/environment_iterator.hpp>

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <utility>

namespace cni {
namespace {

constexpr std::size_t max_interface_name_length = 15;  // IFNAMSIZ without the terminator
constexpr std::size_t max_container_id_length = 4096;

using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::array<std::string_view, 7> known_variables{
    "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH", "CNI_NETNS_OVERRIDE"};

bool is_known(std::string_view variable) {
  const auto equals = variable.find('=');
  return equals != std::string_view::npos &&
         std::ranges::find(known_variables, variable.substr(0, equals)) != known_variables.end();
}

/// The entries of environ that are read here, ended by a null pointer like environ. Boost's iterator expects a '=' in
/// each.
std::vector<char*> find_known() {
  std::vector<char*> known;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (is_known(*variable)) known.push_back(*variable);
  }
  known.push_back(nullptr);
  return known;
}

/// Uses only the header with Boost's iterator: its parser would link iostreams and locales, a quarter of the
/// executable's size, and initialise them in each call. If a name occurs twice, the first value counts, as in getenv.
Variables read_variables() {
  Variables variables;
  auto known = find_known();
  const boost::environment_iterator end;
  for (boost::environment_iterator variable{known.data()}; variable != end; ++variable) variables.insert(*variable);
  return variables;
}

std::string value_of(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

bool is_true(const std::string& value) { return value == "1" || strcasecmp(value.c_str(), "true") == 0; }

constexpr std::array all_verbs{Verb::add, Verb::del, Verb::check, Verb::gc, Verb::status, Verb::version};

Verb verb_of(const std::string& command) {
  const auto* const found = std::ranges::find(all_verbs, command, [](Verb verb) { return to_string(verb); });
  if (found != all_verbs.end()) return *found;
  throw Error(ErrorCode::invalid_environment, "unknown CNI_COMMAND: " + text::printable(command),
              "CNI_COMMAND must be ADD, DEL, CHECK, GC, STATUS or VERSION");
}

bool needs_container(Verb verb) { return verb == Verb::add || verb == Verb::del || verb == Verb::check; }
bool needs_netns(Verb verb) { return verb == Verb::add || verb == Verb::check; }

void refuse_missing(const std::vector<std::string_view>& names) {
  if (names.empty()) return;
  throw Error(ErrorCode::invalid_environment, "required env variables [" + text::joined(names, ",") + "] missing");
}

std::vector<std::string_view> missing_variables(const Environment& environment, Verb verb) {
  std::vector<std::string_view> missing;
  if (needs_container(verb) && environment.container_id.empty()) missing.emplace_back("CNI_CONTAINERID");
  if (needs_netns(verb) && environment.netns.empty()) missing.emplace_back("CNI_NETNS");
  if (needs_container(verb) && environment.ifname.empty()) missing.emplace_back("CNI_IFNAME");
  return missing;
}

void check_container_id(const std::string& id) {
  if (!is_identifier(id)) {
    throw Error(ErrorCode::invalid_environment, "invalid characters in containerID",
                "CNI_CONTAINERID is " + text::quoted(id) + "; " + std::string(identifier_rule));
  }
  if (id.size() > max_container_id_length) {
    throw Error(ErrorCode::invalid_environment, "containerID is longer than 4096 bytes", text::printable(id));
  }
}

void check_interface_name(const std::string& name) {
  if (auto fault = interface_name_fault(name)) {
    throw Error(ErrorCode::invalid_environment, std::move(*fault), "CNI_IFNAME is " + text::quoted(name));
  }
}

bool is_printable_ascii(char character) { return character > ' ' && character < 0x7f; }

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return parts;
}

void add_argument(Args& args, std::string_view pair) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view key = pair.substr(0, equals);
  const std::string_view value = pair.substr(equals + 1);
  if (key == "IP") args.ip = split(value, ',');
  if (key == "GATEWAY") args.gateway = split(value, ',');
  if (key == "MAC") args.mac = value;
  if (key == "OvnPort") args.ovn_port = value;
  if (key == "K8S_POD_NAMESPACE") args.pod_namespace = value;
  if (key == "K8S_POD_NAME") args.pod_name = value;
}

}  // namespace

std::string_view to_string(Verb verb) {
  constexpr std::array<std::string_view, all_verbs.size()> names{"ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"};
  return names.at(static_cast<std::size_t>(verb));
}

Environment read_environment() {
  const Variables variables = read_variables();
  return {.command = value_of(variables, "CNI_COMMAND"),
          .container_id = value_of(variables, "CNI_CONTAINERID"),
          .netns = value_of(variables, "CNI_NETNS"),
          .ifname = value_of(variables, "CNI_IFNAME"),
          .args = value_of(variables, "CNI_ARGS"),
          .path = value_of(variables, "CNI_PATH"),
          .netns_override = is_true(value_of(variables, "CNI_NETNS_OVERRIDE"))};
}

std::string read_trace_parent() {
  const char* const value = std::getenv("TRACEPARENT");
  return value == nullptr ? "" : value;
}

Verb checked_verb(const Environment& environment) {
  if (environment.command.empty()) refuse_missing({"CNI_COMMAND"});
  const Verb verb = verb_of(environment.command);
  refuse_missing(missing_variables(environment, verb));
  if (needs_container(verb)) {
    check_container_id(environment.container_id);
    check_interface_name(environment.ifname);
  }
  return verb;
}

Args parse_args(std::string_view text) {
  Args args;
  for (const std::string& pair : split(text, ';')) add_argument(args, pair);
  return args;
}

std::string pod_of(const Args& args) {
  if (args.pod_namespace.empty() || args.pod_name.empty()) return {};
  return args.pod_namespace + '/' + args.pod_name;
}

std::optional<std::string> interface_name_fault(std::string_view name) {
  constexpr std::string_view white_space = " \t\n\v\f\r";
  if (name.empty()) return "interface name is empty";
  if (name.size() > max_interface_name_length) return "interface name is longer than 15 bytes";
  if (name == "." || name == "..") return "interface name is . or ..";
  if (name.find_first_of("/:") != std::string_view::npos || name.find_first_of(white_space) != std::string_view::npos) {
    return "interface name contains / or : or whitespace characters";
  }
  if (name.find('%') != std::string_view::npos)
    return "interface name contains %, which the kernel treats as a template";
  if (!std::ranges::all_of(name, is_printable_ascii))
    return "interface name contains bytes that are not printable ASCII";
  return std::nullopt;
}

}  // namespace cni
