#include "plugin/vethctl/end.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/vethctl/command.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace vethctl {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The process ID of a path "/proc/PID/ns/net"; empty for other paths.
std::string process_id_of(const std::string& path) {
  constexpr std::string_view beginning = "/proc/";
  constexpr std::string_view end = "/ns/net";
  if (!path.starts_with(beginning) || !path.ends_with(end)) return {};
  const auto number = path.substr(beginning.size(), path.size() - beginning.size() - end.size());
  return is_number(number) ? number : std::string{};
}

/// The last part of the path; with a hash of the path for other folders, which may contain files of the same name.
std::string container_of(const std::string& path) {
  constexpr std::size_t digits = 6;
  auto name = last_part(path);
  for (const auto* folder : {"/run/netns/", "/var/run/netns/"}) {
    if (path == folder + name) return name;
  }
  return name.empty() ? name : name + '-' + cni::to_string(cni::tag_of_network(path)).substr(0, digits);
}

End netns_end(std::string name, std::string path) {
  if (!cni::is_identifier(name))
    throw UsageError{"\"" + path + "\": the last part of the path is not a valid container ID"};
  return {.kind = End::Kind::netns, .name = std::move(name), .path = std::move(path)};
}

std::optional<End> find_switch(const std::string& text, std::string_view prefix, End::Kind kind) {
  if (!text.starts_with(prefix)) return std::nullopt;
  auto name = text.substr(prefix.size());
  if (const auto fault = cni::interface_name_fault(name)) throw UsageError{"\"" + text + "\": " + *fault};
  return End{.kind = kind, .name = std::move(name)};
}

}  // namespace

bool is_switch(const End& end) { return end.kind == End::Kind::bridge || end.kind == End::Kind::ovs; }

End parse_end(const std::string& text) {
  if (text == "host") return {.kind = End::Kind::host, .name = "host", .path = "/proc/self/ns/net"};
  if (auto end = find_switch(text, "bridge:", End::Kind::bridge)) return *end;
  if (auto end = find_switch(text, "ovs:", End::Kind::ovs)) return *end;
  if (const auto process = process_id_of(text); !process.empty()) return netns_end("pid-" + process, text);
  if (text.find('/') != std::string::npos) return netns_end(container_of(text), text);
  if (is_number(text)) return netns_end("pid-" + text, "/proc/" + text + "/ns/net");
  return netns_end(text, "/run/netns/" + text);
}

}  // namespace vethctl
