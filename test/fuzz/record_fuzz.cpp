// Records of the state folder and the wiring in them.
#include "plugin/state/record.hpp"
#include "plugin/wiring/text.hpp"
#include "test/fuzz/input.hpp"

#include <string>
#include <string_view>

namespace fuzz {
namespace {

/// An input rarely has a valid sum, and without one nothing else of it is read.
std::string summed(std::string_view input) {
  constexpr std::string_view beginning = R"({"sum":"-------------",)";
  std::string text{input};
  if (!text.starts_with(R"({"sum":")") || text.size() < beginning.size())
    text.replace(0, text.starts_with('{') ? 1 : 0, beginning);
  state::set_sum(text);
  return text;
}

}  // namespace

void check_input(std::string_view text) {
  state::find_record(std::string{text});
  const auto record = state::find_record(summed(text));
  if (!record) return;
  expect(state::find_record(state::to_text(*record)) == record, "a record that is written and read again is the same");
  const auto wiring = wiring::find_wiring(record->wiring);
  expect(!wiring || wiring::find_wiring(wiring::to_text(*wiring)) == wiring,
         "a wiring that is written and read again is the same");
  wiring::find_partial_wiring(record->wiring);
}

}  // namespace fuzz
