#pragma once

#include "plugin/cni/environment.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/lease_reader.hpp"

namespace cni {

/// How much is forgiven in a configuration: for DEL and GC a part that cannot be read is as good as absent.
class Tolerance {
 public:
  explicit Tolerance(Verb verb) : is_lenient_(verb == Verb::del || verb == Verb::gc) {}

  bool is_lenient() const { return is_lenient_; }
  UnknownKeys unknown_keys() const { return is_lenient_ ? UnknownKeys::accept : UnknownKeys::refuse_near_misses; }

  /// Sets `part` to what `read` gives; where that throws cni::Error and much is forgiven, `part` stays as it is.
  template <typename Part, typename Read>
  void read(Part& part, Read read) const {
    try {
      part = read();
    } catch (const Error&) {
      if (!is_lenient_) throw;
    }
  }

 private:
  bool is_lenient_;
};

}  // namespace cni
