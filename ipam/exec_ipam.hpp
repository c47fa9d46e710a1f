#pragma once

#include "ipam/ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/posix/program.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ipam {

/// Another IPAM plugin, executed by the delegation rules of the specification: with our input, our standard error and
/// our environment except CNI_COMMAND. There is no timeout, because a killed IPAM plugin leaks its allocations.
class ExecIpam : public Ipam {
 public:
  /// The request must outlive it.
  explicit ExecIpam(const cni::Request& request) : request_(request) {}

  /// If the ADD of the delegate fails, calls it with DEL and ignores failures of that DEL.
  Allocation allocate() override;
  void release() override;

  // Each calls the delegate only if the configuration's version has the verb.
  void check() override;
  void gc(const std::set<cni::Tag>& valid) override;
  void status() override;

 private:
  cni::Lease add(const std::string& path) const;
  void call(const std::string& path, cni::Verb verb) const;
  std::string run(const std::string& path, cni::Verb verb) const;
  std::string find() const;

  const cni::Request& request_;
};

/// A variable of a delegate's environment: the tag of the attachment whose lock its caller holds.
constexpr auto caller_variable = "VETH_CNI_CALLER";

/// The first regular file `name` in the folders; symbolic links are followed. Throws Error delegate_failed if there is
/// none or if the name is not a plain file name.
std::string find_plugin(const std::string& name, const std::vector<std::string>& folders);

/// As find_plugin, but nullopt if there is none.
std::optional<std::string> find_plugin_if_present(const std::string& name, const std::vector<std::string>& folders);

/// The error that a failed plugin printed, unchanged, or an error with its exit status or its invalid output.
cni::Error plugin_error(const posix::Outcome& outcome);

/// Our environment with CNI_COMMAND set to `verb`, "NAME=value" each. If a name occurs twice, the last value is kept.
std::vector<std::string> delegate_environment(cni::Verb verb);

}  // namespace ipam
