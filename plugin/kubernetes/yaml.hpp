#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace kubernetes {

/// Parses JSON, and the part of YAML that kubectl and kubeadm write: mappings and sequences by indentation, and scalars
/// of one line, which all become strings. Throws cni::Error decoding_failure for anything else.
nlohmann::ordered_json parse_yaml(std::string_view text);

}  // namespace kubernetes
