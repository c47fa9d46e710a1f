#include "plugin/chained/reference_program.hpp"

#include "ipam/exec_ipam.hpp"
#include "plugin/posix/program.hpp"

#include <sys/stat.h>

namespace chained {
namespace {

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::optional<std::string> find_reference_program(const std::string& name, const std::vector<std::string>& folders) {
  for (const auto& folder : folders) {
    auto path = folder;
    path.append("/").append(name).append(".reference");
    if (is_regular_file(path)) return path;
  }
  return std::nullopt;
}

void run_reference_program(const std::string& path, const cni::Request& request,
                           const std::function<void(std::string_view)>& print) {
  constexpr std::size_t longest_result = std::size_t{1} << 20U;
  const auto outcome = posix::run(
      {.path = path, .environment = ipam::delegate_environment(request.verb), .input = request.input}, longest_result);
  if (outcome.exit_status != 0) throw ipam::plugin_error(outcome);
  if (!outcome.output.empty()) print(outcome.output);
}

}  // namespace chained
