#include "plugin/cni/process.hpp"
#include "plugin/posix/log_file.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/random.hpp"
#include "plugin/posix/streams.hpp"
#include "plugin/text/file_name.hpp"
#include "plugin/veth_ipam/serve_by_name.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

int main(int count, char** arguments) {
  posix::prepare_process();
  posix::drop_capabilities();
  posix::forbid_new_privileges();
  const std::string name{text::file_name(count > 0 ? *arguments : "")};
  const auto serve = [&](cni::Call call, const std::function<void(std::string_view)>& print) {
    veth_ipam::serve_by_name(name, std::move(call), print);
  };
  const cni::Plugin plugin{.type = "veth-ipam", .version = VETH_VERSION, .serve = serve};
  return cni::serve_process(
      plugin, {posix::read_input, posix::write_output, posix::write_error, posix::append_line, posix::random_number});
}
