#include "plugin/veth_ipam/serve_by_name.hpp"

#include "ipam/reference_ipam.hpp"
#include "plugin/veth_ipam/serve.hpp"
#include "plugin/veth_ipam/serve_reference.hpp"

#include <utility>

namespace veth_ipam {

void serve_by_name(const std::string& name, cni::Call call, const std::function<void(std::string_view)>& print) {
  const auto dialect = ipam::reference_dialect_of(name);
  if (dialect) return serve_reference(std::move(call), *dialect, print);
  serve(std::move(call), print);
}

}  // namespace veth_ipam
