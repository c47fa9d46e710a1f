// Records of the state folder and the wiring in them.
#include "plugin/state/record.hpp"
#include "plugin/wiring/text.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {

void check_input(std::string_view text) {
  const auto record = state::find_record(std::string{text});
  if (!record) return;
  expect(state::find_record(state::to_text(*record)) == record, "a record that is written and read again is the same");
  const auto wiring = wiring::find_wiring(record->wiring);
  expect(!wiring || wiring::find_wiring(wiring::to_text(*wiring)) == wiring,
         "a wiring that is written and read again is the same");
  wiring::find_partial_wiring(record->wiring);
}

}  // namespace fuzz
