#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <future>
#include <string>
#include <utility>

namespace support {

/// A network namespace mounted at /run/netns/NAME, as a runtime makes it for a container. It has only `lo`, which is
/// down.
class Namespace {
 public:
  /// Throws std::system_error, with EEXIST if the name is in use.
  explicit Namespace(const std::string& name);

  /// The namespace of this process, the node's. Its path is its file in /proc.
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

  /// Removes the path and closes the file. The namespace ends when no process uses it.
  void remove();

 private:
  Namespace(std::string name, std::string path, posix::FileDescriptor file);

  std::string name_;  ///< empty: nothing to remove
  std::string path_;
  posix::FileDescriptor file_;
};

/// Calls the function in the namespace, in a thread of its own. Returns or throws what it returns or throws.
template <class Function>
auto in(const Namespace& netns, Function function) {
  return std::async(std::launch::async,
                    [&] {
                      netns.enter();
                      return function();
                    })
      .get();
}

/// Opens a socket in the namespace; any thread can use it. Throws std::system_error.
posix::FileDescriptor socket_in(const Namespace& netns, int domain, int type, int protocol);

}  // namespace support
