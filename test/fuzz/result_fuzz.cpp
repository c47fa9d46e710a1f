// What an IPAM executable answers, and the result of an earlier plugin.
#include "plugin/cni/error.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/cni/version.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {
namespace {

/// What is printed in the newest form says all, and is read as what it was.
void read_again(const cni::Result& result) {
  const auto printed = cni::to_json(result, cni::newest_version);
  expect(cni::to_json(cni::parse_result(printed, cni::newest_version, "the result"), cni::newest_version) == printed,
         "a printed result is read as what it was");
}

}  // namespace

void examine(std::string_view text) {
  for (const auto version : cni::all_versions) {
    is_read([&] {
      const auto result = cni::parse_result(text, version, "the result");
      cni::to_json(result, version);
      read_again(result);
    });
  }
  is_read([&] { cni::to_json(cni::parse_error(std::string{text}), cni::newest_version); });
}

}  // namespace fuzz
