// Small texts: addresses, prefixes, MACs, tags, aliases, names of sysctls, traces, resolv.conf.
#include "ipam/resolv_conf.hpp"
#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/cni/trace_context.hpp"
#include "plugin/cni/tuning.hpp"
#include "plugin/cni/version.hpp"
#include "plugin/text/quoted.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {
namespace {

void check_round_trips(std::string_view text) {
  if (const auto address = cni::find_address(text))
    expect(cni::find_address(cni::to_string(*address)) == address,
           "an address that is printed and read again is the same");
  if (const auto prefix = cni::find_prefix(text)) {
    expect(cni::find_prefix(cni::to_string(*prefix)) == prefix, "a prefix that is printed and read again is the same");
    expect(cni::contains(*prefix, cni::first_address(*prefix)), "the first address is in its prefix");
    expect(cni::contains(*prefix, cni::last_address(*prefix)), "the last address is in its prefix");
  }
  if (const auto mac = cni::find_mac(text))
    expect(cni::find_mac(cni::to_string(*mac)) == mac, "a MAC that is printed and read again is the same");
  if (const auto tag = cni::find_tag(text))
    expect(cni::find_tag(cni::to_string(*tag)) == tag, "a tag that is printed and read again is the same");
}

void check_sysctl_and_quoting(std::string_view text) {
  if (const auto path = cni::find_sysctl_path(text)) {
    expect(('/' + *path + '/').find("/../") == std::string::npos, "the path of a sysctl does not leave /proc/sys");
    expect(path->starts_with("net/"), "a sysctl is below net");
    cni::is_default_sysctl(*path);
  }
  for (const char character : text::quoted(text))
    expect(static_cast<unsigned char>(character) >= 0x20, "a quoted text has no control characters");
}

void expect_hexadecimal(const std::string& text, std::size_t length) {
  expect(text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string::npos,
         "the IDs of a trace are hexadecimal digits");
}

void check_trace_context(std::string_view text) {
  const auto trace = cni::find_trace_context(text);
  if (!trace) return;
  expect_hexadecimal(trace->trace_id, 32);
  expect_hexadecimal(trace->parent_id, 16);
}

}  // namespace

void check_input(std::string_view text) {
  check_round_trips(text);
  check_sysctl_and_quoting(text);
  check_trace_context(text);
  expect(!cni::version_answer(text).empty(), "VERSION has an answer");
  cni::tag_of_alias(std::string{text});
  cni::attachment_of_alias(std::string{text});
  allow_cni_error([&] { ipam::parse_resolv_conf(text); });
}

}  // namespace fuzz
