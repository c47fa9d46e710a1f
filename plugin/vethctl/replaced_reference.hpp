#pragma once

#include <string>
#include <string_view>

namespace vethctl {

/// Whether the executable that a runtime would run for the type is veth under another name: a link, as made by
/// `vethctl install --replace-reference`. `cni_path`: the folders of the plugins.
bool is_replaced_by_veth(const std::string& type, std::string_view cni_path);

}  // namespace vethctl
