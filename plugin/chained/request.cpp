#include "plugin/chained/request.hpp"

#include "plugin/attachment/state_folder.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/gc.hpp"

#include <string>
#include <utility>

namespace chained {

cni::Request parse_request(cni::Call call) {
  auto request = cni::parse_request(call.environment, std::move(call.input), cni::Role::loopback);
  request.stopwatch = call.stopwatch;
  cni::lap(request.stopwatch, "read");
  return request;
}

const cni::Result& previous_of(const cni::Request& request, std::string_view message) {
  if (request.config.previous) return *request.config.previous;
  throw cni::Error{cni::ErrorCode::invalid_config, std::string{message},
                   "/prevResult: missing: put this plugin behind the one that creates the interface"};
}

kernel::Namespace open_container(const cni::Request& request) { return kernel::open_network_namespace(request.netns); }

std::optional<kernel::Namespace> find_container(const cni::Request& request) try {
  if (request.netns.empty()) return std::nullopt;
  return open_container(request);
} catch (const cni::Error&) {
  return std::nullopt;
}

kernel::ChainedInterface require_interface(const cni::Request& request, const kernel::Namespace& container,
                                           kernel::LinuxChain& chain) {
  const auto& name = request.attachment.interface;
  if (auto found = chain.find_interface(container, name)) return std::move(*found);
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "interface " + text::quoted(name) + " is missing in " + text::quoted(request.netns),
                   "put this plugin behind the one that creates the interface"};
}

void require_none(const kernel::Faults& faults) {
  if (faults.empty()) return;
  throw cni::Error{cni::ErrorCode::differs, text::joined(faults, "; ", [](const std::string& fault) { return fault; })};
}

void gc(const cni::Request& request) {
  kernel::LinuxKernel kernel;
  auto folder = attachment::find_folder(std::string{state::default_root}, request.attachment.network);
  verbs::gc(request, kernel, folder ? &*folder : nullptr);
}

}  // namespace chained
