#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <future>
#include <string>
#include <utility>

namespace support {

/// A network namespace that is mounted at /run/netns/NAME, as a runtime makes it for a container: nothing in it but
/// `lo`, which is down.
class Namespace {
 public:
  /// Throws std::system_error, EEXIST where there is one of this name.
  explicit Namespace(const std::string& name);

  /// The one this process lives in: the node's. Its path is its file in /proc.
  static Namespace host();

  Namespace(Namespace&& other) noexcept
      : name_(std::exchange(other.name_, {})), path_(other.path_), file_(std::move(other.file_)) {}
  Namespace& operator=(Namespace&&) = delete;
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace();

  const std::string& path() const { return path_; }
  int file() const { return file_.get(); }

  /// Moves the calling thread into it. Throws std::system_error.
  void enter() const;

  /// Unmounts and lets go of it: the path is gone at once, the namespace when nothing in it runs any more.
  void remove();

 private:
  Namespace(std::string name, std::string path, posix::FileDescriptor file);

  std::string name_;  ///< empty: not ours to remove
  std::string path_;
  posix::FileDescriptor file_;
};

/// What the function returns or throws, called in the namespace by a thread of its own.
template <class Function>
auto in(const Namespace& place, Function function) {
  return std::async(std::launch::async,
                    [&] {
                      place.enter();
                      return function();
                    })
      .get();
}

/// A socket that belongs to the namespace, wherever it is used. Throws std::system_error.
posix::FileDescriptor socket_in(const Namespace& place, int domain, int type, int protocol);

}  // namespace support
