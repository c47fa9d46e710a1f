#include "plugin/vethctl/end.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/environment.hpp"
#include "plugin/vethctl/command.hpp"

#include <algorithm>
#include <string_view>

namespace vethctl {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

End named(std::string name, std::string path) {
  if (!cni::is_identifier(name)) throw UsageError{"\"" + path + "\": its last part cannot name a container"};
  return {.kind = End::Kind::netns, .name = std::move(name), .path = std::move(path)};
}

}  // namespace

End find_end(const std::string& text) {
  constexpr std::string_view bridge = "bridge:";
  if (text == "host") return {.kind = End::Kind::host, .name = "host", .path = "/proc/self/ns/net"};
  if (text.starts_with(bridge)) {
    const auto name = text.substr(bridge.size());
    if (const auto fault = cni::interface_name_fault(name)) throw UsageError{"\"" + text + "\": " + *fault};
    return {.kind = End::Kind::bridge, .name = name};
  }
  if (text.find('/') != std::string::npos) return named(last_part(text), text);
  if (is_number(text)) return named("pid-" + text, "/proc/" + text + "/ns/net");
  return named(text, "/run/netns/" + text);
}

}  // namespace vethctl
