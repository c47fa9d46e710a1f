// A configuration is read by the code that reads it for ADD, so that no fault is told here that would not be told
// there. What libcni does with a list before that is done as libcni does it: nlohmann's own reader, too, keeps the last
// of two members of one name.
#include "plugin/vethctl/validate.hpp"

#include "ipam/fixed_ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/configuration_json.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/wiring/wire.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>
#include <system_error>

namespace vethctl {
namespace {

using nlohmann::ordered_json;

using Kind = Remark::Kind;

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::ok:
      return "ok";
    case Kind::fault:
      return "fault";
    case Kind::warning:
      return "warning";
    case Kind::not_checked:
      return "not checked";
  }
  return "";
}

std::string to_text(const Remark& remark) {
  auto text = report::clean(place_of(remark));
  text.append(": ").append(to_string(remark.kind));
  if (remark.kind == Kind::fault) text += ", code " + std::to_string(remark.code);
  return text + (remark.message.empty() ? "\n" : ": " + report::clean(remark.message) + '\n');
}

void write(cni::JsonWriter& json, const Remark& remark) {
  json.begin_object();
  json.member("file", remark.file);
  if (!remark.pointer.empty()) json.member("plugin", remark.pointer);
  if (!remark.type.empty()) json.member("type", remark.type);
  json.member("kind", to_string(remark.kind));
  if (remark.kind == Kind::fault) json.member("code", remark.code);
  if (!remark.message.empty()) json.member("message", remark.message);
  json.end_object();
}

std::string to_json(const std::vector<Remark>& remarks) {
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& remark : remarks) write(json, remark);
  json.end_array();
  return json.finished();
}

cni::LeasedAddress first_of(const ipam::RangeSet& set) {
  const auto address = ipam::first_candidate(set).value();
  const auto* range = ipam::find_range(set, address);
  return {.address = {address, range->subnet.length}, .gateway = range->gateway};
}

/// What an ADD on an empty node would be given by the built-in IPAM.
cni::Lease first_lease(const cni::NetworkConfig& config) {
  auto lease = ipam::lease_without_addresses(config.ipam);
  if (config.ipam.ranges.empty() && config.wishes.ranges.empty()) {
    lease.addresses = ipam::fixed_addresses(config);
    return lease;
  }
  const auto sets = ipam::checked_range_sets(config);
  ipam::assign_requests(sets, config.wishes.addresses);
  for (const auto& set : sets) lease.addresses.push_back(first_of(set));
  return lease;
}

/// nullopt where only another program or the runtime can say.
std::optional<cni::Lease> find_lease(const cni::NetworkConfig& config) {
  if (config.ipam.type.empty()) return cni::Lease{};
  if (config.ipam.type != "veth-ipam") return std::nullopt;
  const bool is_told_later = config.ipam.ranges.empty() && config.ipam.addresses.empty() &&
                             config.wishes.ranges.empty() && config.wishes.addresses.empty();
  return is_told_later ? std::nullopt : std::optional{first_lease(config)};
}

/// All that ADD checks before it asks the inspector. Gives the keys that it ignores.
std::vector<std::string> check_as_add(const std::string& text, bool is_plugin) {
  cni::Request request;
  request.config = is_plugin ? cni::parse_network_config(text, cni::Verb::version, {})
                             : cni::parse_ipam_request(text, cni::Verb::version, {});
  const auto lease = find_lease(request.config);
  request.attachment = {.network = request.config.name, .container = "any", .interface = "eth0"};
  constexpr std::uint32_t usual_mtu = 1500;
  if (is_plugin && lease) {
    wiring::wire(request, wiring::complete(request, *lease), request.config.mtu.value_or(usual_mtu));
  }
  return request.config.ignored_keys;
}

Remark fault(Remark place, const cni::Error& error) {
  place.kind = Kind::fault;
  place.code = error.code;
  place.message = error.what();
  return place;
}

Remark warning(Remark place, const std::string& key) {
  place.kind = Kind::warning;
  place.message = key + ": nobody knows this key: it is ignored";
  return place;
}

/// One plugin's configuration as it is handed to the plugin.
void check_plugin(Remark place, const ordered_json& plugin, std::vector<Remark>& remarks) try {
  place.type = string_at(plugin, "type");
  if (place.type.empty()) throw cni::Error{cni::ErrorCode::invalid_config, "/type: missing"};
  const bool is_plugin = place.type == "veth";
  if (!is_plugin && ipam_type_of(plugin) != "veth-ipam") {
    place.kind = Kind::not_checked;
    place.message = "another plugin, which knows its keys itself";
    remarks.push_back(place);
    return;
  }
  const auto ignored = check_as_add(plugin.dump(-1, ' ', false, ordered_json::error_handler_t::replace), is_plugin);
  for (const auto& key : ignored) remarks.push_back(warning(place, key));
  remarks.push_back(place);
} catch (const cni::Error& error) {
  remarks.push_back(fault(place, error));
}

/// The newest that is known, of those that the list offers (key cniVersions) and the one it names.
std::string version_of_list(cni::JsonObject& list) {
  auto names = list.strings("cniVersions");
  names.push_back(list.string_or("cniVersion", ""));
  std::set<cni::Version> known;
  for (const auto& name : names) {
    if (const auto version = cni::find_version(name)) known.insert(*version);
  }
  return known.empty() ? names.back() : std::string{cni::to_string(*known.rbegin())};
}

/// Keys of a list that runtimes read and this tool does not.
constexpr std::array<std::string_view, 3> list_keys{"disableCheck", "disableGC", "loadOnlyInlinedPlugins"};

std::size_t count_plugins(cni::JsonObject& list) {
  const auto plugins = list.require("plugins");
  const auto count = plugins.as_array().size();
  if (count == 0) plugins.reject("must have at least one plugin");
  return count;
}

void check_list(const Remark& place, const cni::JsonDocument& document, ordered_json& json,
                std::vector<Remark>& remarks) {
  auto list = document.root().as_object();
  const auto name = list.require("name").as_string();
  const auto version = version_of_list(list);
  const auto count = count_plugins(list);
  list.also_known(list_keys);
  for (const auto& key : list.unasked()) remarks.push_back(warning(place, '/' + key));
  for (std::size_t i = 0; i < count; ++i) {
    auto plugin_place = place;
    plugin_place.pointer = "/plugins/" + std::to_string(i);
    auto& plugin = json["plugins"][i];
    if (!plugin.is_object()) list.require("plugins").as_array()[i].as_object();
    plugin["name"] = name;
    plugin["cniVersion"] = version;
    check_plugin(plugin_place, plugin, remarks);
  }
}

bool has_extension(std::string_view file, std::string_view extension) { return file.ends_with(extension); }

/// A runtime goes by the name of the file.
bool is_list(const std::string& file, const ordered_json& json) {
  const bool has_plugins = json.is_object() && json.contains("plugins");
  if (has_plugins && (has_extension(file, ".conf") || has_extension(file, ".json"))) {
    throw cni::Error{cni::ErrorCode::invalid_config, "is a list of plugins: its name has to end in .conflist"};
  }
  return has_plugins || has_extension(file, ".conflist");
}

void check_text(const Remark& place, const std::string& text, std::vector<Remark>& remarks) {
  const cni::JsonDocument document{text, "the network configuration"};
  document.root().as_object();
  auto json = ordered_json::parse(text);
  if (is_list(place.file, json)) return check_list(place, document, json, remarks);
  check_plugin(place, json, remarks);
}

bool is_regular(const posix::FileDescriptor& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) posix::throw_errno("look at a file");
  return S_ISREG(status.st_mode);
}

std::string read(const std::string& file) {
  constexpr std::chrono::minutes patience{10};
  constexpr std::size_t largest = std::size_t{1} << 20U;
  if (file == "-") return posix::read_input(patience);
  const auto opened = posix::find_file(AT_FDCWD, file, O_RDONLY | O_NONBLOCK);  // a pipe would be waited for
  if (!opened) throw cni::Error{cni::ErrorCode::io_failure, "there is no such file"};
  if (!is_regular(*opened)) {
    throw cni::Error{cni::ErrorCode::io_failure, "is no regular file", "what comes through a pipe: vethctl validate -"};
  }
  return posix::read_to_end(opened->get(), largest, patience);
}

}  // namespace

std::string place_of(const Remark& remark) {
  auto text = remark.file;
  if (!remark.pointer.empty()) text += ": " + remark.pointer;
  return remark.type.empty() ? text : text + " (" + remark.type + ")";
}

std::vector<Remark> validate(const std::string& file) {
  const Remark place{.file = file == "-" ? "standard input" : file};
  std::vector<Remark> remarks;
  try {
    check_text(place, read(file), remarks);
  } catch (const cni::Error& error) {
    remarks.push_back(fault(place, error));
  } catch (const std::system_error& error) {
    remarks.push_back(fault(place, {cni::ErrorCode::io_failure, error.what()}));
  }
  return remarks;
}

namespace {

int validate_all(const Arguments& arguments, const Console& console) {
  std::vector<Remark> remarks;
  for (const auto& file : arguments.operands) std::ranges::move(validate(file), std::back_inserter(remarks));
  if (arguments.wants_json()) {
    console.print(to_json(remarks));
  } else {
    for (const auto& remark : remarks) console.print(to_text(remark));
  }
  const bool is_faulty = std::ranges::find(remarks, Kind::fault, &Remark::kind) != remarks.end();
  return is_faulty ? found_faults : success;
}

}  // namespace

Command validate_command() {
  return {.name = "validate",
          .operands = "FILE...",
          .least = 1,
          .most = 1000,
          .summary = "check network configurations as ADD would",
          .description =
              "Reads network configurations (.conf) and lists of them (.conflist), \"-\" for standard input, and tells "
              "for each plugin of type veth, and for each other one whose addresses come from veth-ipam, the fault "
              "that an ADD would end with, with the same code and message. Keys that ADD ignores because nobody knows "
              "them are warnings. Nothing is changed, and no rights are needed.\n\n"
              "Not looked at: what the runtime adds, the configuration of other plugins, whether an IPAM executable "
              "is installed.",
          .options = {output_option()},
          .run = validate_all};
}

}  // namespace vethctl
