#include "plugin/cni/version.hpp"

#include "plugin/cni/json_writer.hpp"

#include <algorithm>
#include <cstddef>

namespace cni {
namespace {

constexpr std::array<std::string_view, all_versions.size()> names{"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                                                  "0.4.0", "1.0.0", "1.1.0"};

int result_format(Version version) {
  if (version < Version::v0_3_0) return 0;
  return version < Version::v1_0_0 ? 1 : 2;
}

}  // namespace

std::string_view to_string(Version version) { return names.at(static_cast<std::size_t>(version)); }

std::optional<Version> find_version(std::string_view name) {
  const auto* const found = std::ranges::find(all_versions, name, [](Version version) { return to_string(version); });
  if (found == all_versions.end()) return std::nullopt;
  return *found;
}

bool same_result_format(Version left, Version right) { return result_format(left) == result_format(right); }

std::string version_answer(std::string_view requested) {
  JsonWriter json(0);
  json.begin_object();
  json.member("cniVersion", requested.empty() ? to_string(newest_version) : requested);
  json.key("supportedVersions");
  json.begin_array();
  for (const std::string_view name : names) json.string(name);
  json.end_array();
  json.end_object();
  return json.finished();
}

}  // namespace cni
