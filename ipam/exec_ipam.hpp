#pragma once

#include "ipam/ipam.hpp"

#include <string>
#include <vector>

namespace ipam {

/// An IPAM plugin of its own, run by the specification's rules for delegation: with our input, our standard error and
/// our environment except CNI_COMMAND, and without any bound of time, because one that is killed leaks what it has
/// taken.
class ExecIpam : public Ipam {
 public:
  /// The request has to outlive it.
  explicit ExecIpam(const cni::Request& request) : request_(request) {}

  /// A delegate whose ADD fails is called again with DEL, whose failure does not count then.
  Allocation allocate() override;
  void release() override;

  // The delegate is asked only where the configuration's version knows the verb.
  void check() override;
  void collect(const std::set<cni::Tag>& valid) override;
  void check_ready() override;

 private:
  cni::Lease add(const std::string& path) const;
  void call(const std::string& path, cni::Verb verb) const;
  std::string run(const std::string& path, cni::Verb verb) const;
  std::string find() const;

  const cni::Request& request_;
};

/// The first regular file `name` in the folders, symbolic links followed. Throws Error delegate_failed where there is
/// none, and for a name that is not a plain file name.
std::string find_plugin(const std::string& name, const std::vector<std::string>& folders);

/// Our environment with CNI_COMMAND set to `verb`, "NAME=value" each, every name once: the last one wins.
std::vector<std::string> delegate_environment(cni::Verb verb);

}  // namespace ipam
