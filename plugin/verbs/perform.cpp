#include "plugin/verbs/perform.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/add.hpp"
#include "plugin/verbs/check.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/verbs/gc.hpp"
#include "plugin/verbs/status.hpp"

#include <utility>

namespace verbs {

void perform(cni::Call call, kernel::Kernel& kernel, const Print& print, const cni::Dialect& dialect) {
  auto request = cni::parse_request(call.environment, std::move(call.input), cni::Role::plugin, dialect);
  if (ipam::uses_builtin_ipam(request)) posix::forbid_new_privileges();  // a delegate may need them
  request.stopwatch = call.stopwatch;
  cni::lap(request.stopwatch, "read");
  const auto& data_dir = request.config.ipam.data_dir;
  const auto root = data_dir.empty() ? std::string{state::default_root} : data_dir;
  const auto with_folder = [&](const auto& verb) {
    auto folder = attachment::find_folder(root, request.attachment.network);
    verb(request, kernel, folder ? &*folder : nullptr);
  };
  switch (request.verb) {
    case cni::Verb::add:
      return add(request, kernel, root, print);
    case cni::Verb::del:
      return del(request, kernel, root);
    case cni::Verb::check:
      return with_folder(check);
    case cni::Verb::gc:
      return with_folder(gc);
    case cni::Verb::status:
      return status(request, kernel, root);
    case cni::Verb::version:
      return;
  }
}

}  // namespace verbs
