// The network configuration on standard input, and the log that it wants.
#include "plugin/cni/log_config.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/cni/version.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {
namespace {

void read_log_wish(std::string_view text) {
  const auto wish = cni::find_log_wish(text);
  if (!wish) return;
  expect(cni::may_want_log(text), "who wants a log may want one");
  const auto& file = wish->log.file;
  const auto folder = file.substr(0, file.rfind('/'));
  expect(folder == "/var/log/veth-cni" || folder == "/run/veth-cni", "a log is in a folder of its own");
  expect(file.ends_with(".log"), "a log is called one");
}

}  // namespace

void examine(std::string_view text) {
  read_log_wish(text);
  cni::find_version_text(text);
  for (const auto verb : {cni::Verb::add, cni::Verb::check, cni::Verb::del, cni::Verb::gc, cni::Verb::status}) {
    is_read([&] { cni::parse_network_config(text, verb, {}); });
    is_read([&] { cni::parse_ipam_request(text, verb, {}); });
    is_read([&] { cni::parse_common_config(text, verb); });
  }
}

}  // namespace fuzz
