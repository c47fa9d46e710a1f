#include "plugin/roles/role.hpp"

#include "plugin/chained/serve.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/namespace_return_failure.hpp"
#include "plugin/loopback/serve.hpp"
#include "plugin/netavark/serve.hpp"
#include "plugin/posix/privileges.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/text/file_name.hpp"
#include "plugin/verbs/perform.hpp"
#include "plugin/veth_ipam/serve_by_name.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <utility>

namespace roles {
namespace {

void serve_interface(const Role& role, cni::Call call, const Print& print) try {
  kernel::rethrow_namespace_return_failure([&] {
    kernel::LinuxKernel kernel;
    verbs::perform(std::move(call), kernel, print, role.dialect);
  });
} catch (const std::system_error& error) {
  auto advice = posix::privilege_advice(error.code());
  if (advice.empty()) throw;
  throw cni::Error{cni::ErrorCode::system_refused, error.what(), std::move(advice)};
}

/// A member of a chain.
template <void (*serve)(cni::Call, const Print&)>
void serve_member(const Role& /*role*/, cni::Call call, const Print& print) {
  kernel::rethrow_namespace_return_failure([&] { serve(std::move(call), print); });
}

void serve_addresses(const Role& role, cni::Call call, const Print& print) {
  posix::forbid_new_privileges();
  veth_ipam::serve_by_name(std::string{role.name}, std::move(call), print);
}

void serve_loopback(const Role& /*role*/, cni::Call call, const Print& print) {
  posix::forbid_new_privileges();
  loopback::serve(std::move(call), print);
}

/// setup and teardown are ADD and DEL of veth.
int serve_netavark(const std::vector<std::string>& arguments, std::string_view version, const cni::Streams& streams) {
  return netavark::serve_process(arguments, version, streams, [](cni::Call call, const Print& print) {
    serve_interface(Role{.name = "veth"}, std::move(call), print);
  });
}

constexpr std::array all_roles{
    Role{.name = "veth", .serve = serve_interface},
    Role{.name = "ptp", .dialect = {.reference_mode = cni::Mode::ptp}, .serve = serve_interface},
    Role{.name = "bridge", .dialect = {.reference_mode = cni::Mode::bridge}, .serve = serve_interface},
    Role{.name = "veth-ipam", .serve = serve_addresses},
    Role{.name = "host-local", .serve = serve_addresses},
    Role{.name = "static", .serve = serve_addresses},
    Role{.name = "loopback", .serve = serve_loopback},
    Role{.name = "portmap", .serve = serve_member<chained::serve_portmap>},
    Role{.name = "bandwidth", .serve = serve_member<chained::serve_bandwidth>},
    Role{.name = "tuning", .serve = serve_member<chained::serve_tuning>},
    Role{.name = "netavark-veth", .serve_process = serve_netavark},
};

}  // namespace

const Role& role_of(std::string_view program) {
  const auto name = text::file_name(program);
  const auto* const found = std::ranges::find(all_roles, name, &Role::name);
  return found == all_roles.end() ? all_roles.front() : *found;
}

}  // namespace roles
