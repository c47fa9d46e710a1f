// The network configuration on standard input.
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/version.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {

void examine(std::string_view text) {
  cni::find_version_text(text);
  for (const auto verb : {cni::Verb::add, cni::Verb::check, cni::Verb::del, cni::Verb::gc, cni::Verb::status}) {
    is_read([&] { cni::parse_network_config(text, verb, {}); });
    is_read([&] { cni::parse_ipam_request(text, verb, {}); });
    is_read([&] { cni::parse_common_config(text, verb); });
  }
}

}  // namespace fuzz
