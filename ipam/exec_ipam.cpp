#include "ipam/exec_ipam.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/result.hpp"
#include "plugin/posix/program.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

namespace ipam {
namespace {

constexpr std::size_t max_output_bytes = 1U << 20U;

[[noreturn]] void fail(const std::string& message, const std::string& advice = {}) {
  throw cni::Error{cni::ErrorCode::delegate_failed, message, advice};
}

/// A name with a '/' could run any program of the node (CVE-2021-20206).
bool is_plain_name(const std::string& name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !name.empty() && name.front() != '.' && name.find_first_not_of(allowed) == std::string::npos;
}

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

cni::Lease lease_of(const cni::Result& result) {
  cni::Lease lease{.addresses = {}, .routes = result.routes, .dns = result.dns};
  for (const auto& given : result.addresses)
    lease.addresses.push_back({.address = given.address, .gateway = given.gateway});
  return lease;
}

}  // namespace

Allocation ExecIpam::allocate() {
  const std::string path = find();
  try {
    return add(path);
  } catch (...) {
    try {
      call(path, cni::Verb::del);
    } catch (...) {
      // the runtime gets the error of the ADD
    }
    throw;
  }
}

cni::Lease ExecIpam::add(const std::string& path) const {
  const std::string& name = request_.config.ipam.type;
  const std::string output = run(path, cni::Verb::add);
  cni::Lease lease = lease_of(cni::parse_result(output, request_.config.version, "the answer of IPAM plugin " + name));
  if (lease.addresses.empty()) fail("IPAM plugin " + name + " returned no address");
  return lease;
}

void ExecIpam::release() { call(find(), cni::Verb::del); }

void ExecIpam::check() {
  if (request_.config.version >= cni::Version::v0_4_0) call(find(), cni::Verb::check);
}

void ExecIpam::gc(const std::set<cni::Tag>& /*valid*/) {
  if (request_.config.version >= cni::Version::v1_1_0) call(find(), cni::Verb::gc);
}

void ExecIpam::status() {
  if (request_.config.version >= cni::Version::v1_1_0) call(find(), cni::Verb::status);
}

void ExecIpam::call(const std::string& path, cni::Verb verb) const { run(path, verb); }

std::string ExecIpam::run(const std::string& path, cni::Verb verb) const {
  auto environment = delegate_environment(verb);
  environment.push_back(std::string{caller_variable} + '=' + cni::to_string(cni::tag_of(request_.attachment)));
  auto outcome =
      posix::run({.path = path, .environment = std::move(environment), .input = request_.input}, max_output_bytes);
  if (outcome.exit_status != 0) throw plugin_error(outcome);
  return std::move(outcome.output);
}

std::string ExecIpam::find() const { return find_plugin(request_.config.ipam.type, request_.plugin_path); }

std::optional<std::string> find_plugin_if_present(const std::string& name, const std::vector<std::string>& folders) {
  for (const auto& folder : folders) {
    std::string path = folder;
    path.append("/").append(name);
    if (is_regular_file(path)) return path;
  }
  return std::nullopt;
}

std::string find_plugin(const std::string& name, const std::vector<std::string>& folders) {
  if (!is_plain_name(name))
    fail("invalid plugin name: " + text::quoted(name), "set /ipam/type to the name of a file in a folder of CNI_PATH");
  if (folders.empty()) fail("no paths provided", "set CNI_PATH to the folder of the IPAM plugin " + text::quoted(name));
  if (auto path = find_plugin_if_present(name, folders)) return *std::move(path);
  fail("failed to find plugin " + text::quoted(name) + " in path [" + text::joined(folders, " ") + "]",
       "install it in one of these folders, or correct /ipam/type");
}

cni::Error plugin_error(const posix::Outcome& outcome) {
  const std::string advice = "see its standard error in the runtime's log";
  if (outcome.output.empty()) {
    return {cni::ErrorCode::delegate_failed,
            "netplugin failed with no error message: exit status " + std::to_string(outcome.exit_status), advice};
  }
  try {
    return cni::parse_error(outcome.output);
  } catch (const cni::Error& unreadable) {
    return {cni::ErrorCode::delegate_failed,
            "netplugin failed but error parsing its diagnostic message " + text::quoted(outcome.output) + ": " +
                unreadable.what(),
            advice};
  }
}

std::vector<std::string> delegate_environment(cni::Verb verb) {
  const std::string command = "CNI_COMMAND=" + std::string{cni::to_string(verb)};
  std::vector<std::string> variables{command};
  std::set<std::string_view> names{name_of(command)};
  std::vector<std::string_view> inherited;
  for (char** variable = environ; *variable != nullptr; ++variable) inherited.emplace_back(*variable);
  std::ranges::reverse(inherited);
  for (const auto variable : inherited) {
    if (names.insert(name_of(variable)).second) variables.emplace_back(variable);
  }
  std::ranges::reverse(variables);
  return variables;
}

}  // namespace ipam
