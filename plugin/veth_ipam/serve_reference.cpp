#include "plugin/veth_ipam/serve_reference.hpp"

#include "ipam/reference_ipam.hpp"
#include "plugin/attachment/valid_attachments.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/veth_ipam/lease_result.hpp"

#include <exception>
#include <set>
#include <utility>
#include <variant>

namespace veth_ipam {
namespace {

using Print = std::function<void(std::string_view)>;

void add(const cni::Request& request, ipam::Ipam& ipam, const Print& print) {
  const auto allocation = ipam.allocate();
  if (const auto* failure = std::get_if<ipam::AllocationFailure>(&allocation)) throw failure->error;
  try {
    print(cni::to_json(result_of(std::get<cni::Lease>(allocation)), request.config.version));
  } catch (const std::exception&) {
    ipam.release();
    throw;
  }
}

}  // namespace

void serve_reference(cni::Call call, cni::IpamDialect dialect, const Print& print) {
  auto request = cni::parse_request(call.environment, std::move(call.input), cni::Role::ipam, {.ipam = dialect});
  auto& valid = request.config.valid_attachments;
  if (!valid) valid.emplace();  // for GC: the reference plugin takes a missing list for an empty one
  cni::lap(call.stopwatch, "read");
  const auto ipam = ipam::make_reference_ipam(request, dialect);
  switch (request.verb) {
    case cni::Verb::add:
      return add(request, *ipam, print);
    case cni::Verb::del:
      return ipam->release();
    case cni::Verb::check:
      return ipam->check();
    case cni::Verb::gc:
      return ipam->gc(attachment::valid_tags(request).value_or(std::set<cni::Tag>{}));
    case cni::Verb::status:
      return ipam->status();
    case cni::Verb::version:
      return;
  }
}

}  // namespace veth_ipam
