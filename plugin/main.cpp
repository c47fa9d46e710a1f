#include "plugin/cni/process.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/kernel/namespace_return_failure.hpp"
#include "plugin/posix/log_file.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/random.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/verbs/perform.hpp"

#include <functional>
#include <string_view>
#include <utility>

namespace {

void serve(cni::Call call, const std::function<void(std::string_view)>& print) {
  kernel::rethrow_namespace_return_failure([&] {
    kernel::LinuxKernel kernel;
    verbs::perform(std::move(call), kernel, print);
  });
}

}  // namespace

int main() {
  posix::prepare_process();
  posix::drop_capabilities();
  const cni::Plugin plugin{.type = "veth", .version = VETH_VERSION, .serve = serve};
  return cni::serve_process(
      plugin, {posix::read_input, posix::write_output, posix::write_error, posix::append_line, posix::random_number});
}
