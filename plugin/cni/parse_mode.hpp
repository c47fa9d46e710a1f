#pragma once

#include "plugin/cni/environment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/lease_reader.hpp"

namespace cni {

/// How a configuration is parsed.
enum class ParseMode {
  strict,   ///< an invalid part is an error
  lenient,  ///< an invalid part counts as absent
};

/// Lenient for DEL and GC: they must work with a configuration that has become invalid.
inline ParseMode parse_mode_of(Verb verb) {
  return verb == Verb::del || verb == Verb::gc ? ParseMode::lenient : ParseMode::strict;
}

inline UnknownKeys unknown_keys_of(ParseMode parse_mode) {
  return parse_mode == ParseMode::lenient ? UnknownKeys::accept : UnknownKeys::reject_misspelled;
}

/// Sets `part` to the result of `read`. In lenient mode a cni::Error leaves `part` unchanged.
template <typename Part, typename Read>
void read_part(ParseMode parse_mode, Part& part, Read read) {
  try {
    part = read();
  } catch (const Error&) {
    if (parse_mode == ParseMode::strict) throw;
  }
}

}  // namespace cni
