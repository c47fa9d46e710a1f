#include "plugin/cni/process.hpp"
#include "plugin/loopback/serve.hpp"
#include "plugin/posix/log_file.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/random.hpp"
#include "plugin/posix/streams.hpp"

int main() {
  posix::prepare_process();
  posix::drop_capabilities();
  posix::forbid_new_privileges();
  const cni::Plugin plugin{.type = "loopback", .version = VETH_VERSION, .serve = loopback::serve};
  return cni::serve_process(
      plugin, {posix::read_input, posix::write_output, posix::write_error, posix::append_line, posix::random_number});
}
