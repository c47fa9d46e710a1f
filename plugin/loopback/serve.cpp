#include "plugin/loopback/serve.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/loopback.hpp"
#include "plugin/kernel/namespace_return_failure.hpp"
#include "plugin/kernel/network_namespace.hpp"

#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace loopback {
namespace {

kernel::Namespace open_container(const cni::Request& request) {
  auto opened = kernel::open_network_namespace(request.netns);
  const auto own = kernel::open_own_namespace();
  if (request.netns_override || !kernel::is_same_namespace(opened.file.get(), own.get())) return opened;
  throw cni::Error{cni::ErrorCode::invalid_netns, "plugin's netns and netns from CNI_NETNS should not be the same"};
}

void check_addresses(const kernel::Loopback& loopback) {
  for (const auto& prefix : loopback.addresses) {
    if (cni::is_loopback(prefix.address)) continue;
    throw cni::Error{cni::ErrorCode::differs,
                     "loopback interface found with non-loopback address " + cni::to_string(prefix)};
  }
}

cni::Result result_of(const cni::Request& request, const kernel::Loopback& loopback) {
  if (request.config.previous) return *request.config.previous;
  cni::Result result;
  auto& lo = result.interfaces.emplace_back();
  lo.name = "lo";
  lo.mac = cni::to_string(cni::MacAddress{});
  lo.sandbox = request.netns;
  for (const auto& prefix : loopback.addresses) result.addresses.push_back({0, prefix, std::nullopt});
  return result;
}

/// A failure is ignored: the call fails with the original error.
void set_down(const kernel::Namespace& container) {
  try {
    kernel::set_loopback(container, false);
  } catch (const std::system_error&) {
    return;
  }
}

void print_result_of(const cni::Request& request, const kernel::Namespace& container,
                     const std::function<void(std::string_view)>& print) {
  const auto loopback = kernel::observe_loopback(container);
  check_addresses(loopback);
  print(cni::to_json(result_of(request, loopback), request.config.version));
}

/// A failed ADD sets `lo` down again if it was down before, also after a failed set_loopback(): `lo` may be up although
/// the kernel's reply is missing.
void add(const cni::Request& request, const std::function<void(std::string_view)>& print) {
  const auto container = open_container(request);
  const bool was_up = kernel::observe_loopback(container).is_up;
  try {
    if (!was_up) kernel::set_loopback(container, true);
    print_result_of(request, container, print);
  } catch (const std::exception&) {
    if (!was_up) set_down(container);
    throw;
  }
}

/// A deleted namespace has no `lo`. If the namespace is the host's own, `lo` stays up.
void del(const cni::Request& request) try {
  if (!request.netns.empty()) kernel::set_loopback(open_container(request), false);
} catch (const cni::Error& error) {
  if (error.code != static_cast<unsigned>(cni::ErrorCode::invalid_netns)) throw;
}

void check(const cni::Request& request) {
  if (kernel::observe_loopback(open_container(request)).is_up) return;
  throw cni::Error{cni::ErrorCode::differs, "loopback interface is down"};
}

void serve_verb(cni::Call call, const std::function<void(std::string_view)>& print) {
  const auto request = cni::parse_request(call.environment, std::move(call.input), cni::Role::loopback);
  cni::lap(call.stopwatch, "read");
  switch (request.verb) {
    case cni::Verb::add:
      return add(request, print);
    case cni::Verb::del:
      return del(request);
    case cni::Verb::check:
      return check(request);
    case cni::Verb::gc:
    case cni::Verb::status:
    case cni::Verb::version:
      return;
  }
}

}  // namespace

void serve(cni::Call call, const std::function<void(std::string_view)>& print) {
  kernel::rethrow_namespace_return_failure([&] { serve_verb(std::move(call), print); });
}

}  // namespace loopback
