#include "plugin/vethctl/commands.hpp"

namespace vethctl {

std::vector<Command> commands() { return {version_command()}; }

}  // namespace vethctl
