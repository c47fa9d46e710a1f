#include "plugin/netavark/serve.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/netavark/exec.hpp"
#include "plugin/netavark/network.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <exception>
#include <system_error>

namespace netavark {
namespace {

using nlohmann::ordered_json;

constexpr auto api_version = "1.0.0";

/// One call of the process.
class PluginProcess {
 public:
  PluginProcess(const std::vector<std::string>& arguments, const cni::Streams& streams, const Serve& serve)
      : arguments_(arguments), streams_(streams), serve_(serve) {}

  /// netavark itself prints the information about a plugin also without an argument.
  void run(std::string_view version) const {
    const auto command = argument(0);
    if (command.empty() || command == "info") return print_info(version);
    if (command == "create") return streams_.write_output(complete_network(input()));
    if (command == "setup") return set_up();
    if (command == "teardown") return tear_down();
    throw cni::Error{cni::ErrorCode::invalid_environment, "unknown subcommand " + text::quoted(command),
                     "this is a plugin of netavark: the subcommands are create, setup, teardown and info"};
  }

 private:
  std::string argument(std::size_t position) const {
    return position < arguments_.size() ? arguments_[position] : std::string{};
  }

  std::string input() const {
    constexpr std::chrono::seconds timeout{10};
    return streams_.read_input(timeout);
  }

  void print_info(std::string_view version) const {
    const ordered_json info{{"version", version}, {"api_version", api_version}};
    streams_.write_output(info.dump() + '\n');
  }

  /// A failure to print is a failure of ADD, which is rolled back then.
  void set_up() const {
    serve_(to_cni_call(cni::Verb::add, argument(1), input()),
           [&](std::string_view result) { streams_.write_output(to_status_block(std::string{result})); });
  }

  void tear_down() const {
    serve_(to_cni_call(cni::Verb::del, argument(1), input()), [](std::string_view) {});
  }

  const std::vector<std::string>& arguments_;
  const cni::Streams& streams_;
  const Serve& serve_;
};

int print_error(const std::string& message, const cni::Streams& streams) try {
  const ordered_json error{{"error", message}};
  streams.write_output(error.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n');
  return 1;
} catch (const std::system_error&) {
  return 1;
}

}  // namespace

int serve_process(const std::vector<std::string>& arguments, std::string_view version, const cni::Streams& streams,
                  const Serve& serve) {
  try {
    PluginProcess{arguments, streams, serve}.run(version);
    return 0;
  } catch (const std::exception& error) {
    return print_error(error.what(), streams);
  }
}

}  // namespace netavark
