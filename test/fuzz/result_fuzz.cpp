// Answers of IPAM executables, and results of previous plugins.
#include "plugin/cni/error.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/cni/version.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {
namespace {

/// The newest form of a result contains every member, so printing and reading it does not change it.
void check_round_trip(const cni::Result& result) {
  const auto printed = cni::to_json(result, cni::newest_version);
  expect(cni::to_json(cni::parse_result(printed, cni::newest_version, "the result"), cni::newest_version) == printed,
         "a result that is printed and read again is the same");
}

}  // namespace

void check_input(std::string_view text) {
  for (const auto version : cni::all_versions) {
    allow_cni_error([&] {
      const auto result = cni::parse_result(text, version, "the result");
      cni::to_json(result, version);
      check_round_trip(result);
    });
  }
  allow_cni_error([&] { cni::to_json(cni::parse_error(std::string{text}), cni::newest_version); });
}

}  // namespace fuzz
