#pragma once

#include <string>
#include <string_view>

namespace report {

/// A JSON document as a YAML document (https://yaml.org/spec/1.2.2/) in block style. Texts that a reader of YAML 1.1 or
/// 1.2 would take for another type are quoted. Throws cni::Error if the text is not JSON.
std::string yaml(std::string_view json);

}  // namespace report
