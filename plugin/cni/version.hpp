#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace cni {

/// The versions of the CNI specification, oldest first, so that they can be compared.
enum class Version { v0_1_0, v0_2_0, v0_3_0, v0_3_1, v0_4_0, v1_0_0, v1_1_0 };

inline constexpr std::array all_versions{Version::v0_1_0, Version::v0_2_0, Version::v0_3_0, Version::v0_3_1,
                                         Version::v0_4_0, Version::v1_0_0, Version::v1_1_0};
inline constexpr Version newest_version = Version::v1_1_0;

std::string_view to_string(Version version);

/// The version with exactly this name; nullopt for any other text.
std::optional<Version> find_version(std::string_view name);

/// Whether results of both versions have the same form: 0.1-0.2, 0.3-0.4 or 1.x.
bool same_result_format(Version left, Version right);

/// The output of VERSION, one compact line. `requested` is the cniVersion of the input, or empty for the newest.
std::string version_answer(std::string_view requested);

}  // namespace cni
