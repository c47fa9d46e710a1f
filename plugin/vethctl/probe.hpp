#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/kernel/prober.hpp"
#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/probe/explain_loss.hpp"

namespace vethctl {

/// The command `vethctl probe`. Returns the exit status.
int run_probe(const Arguments& arguments, const Console& console, const probe::Tools& tools);

}  // namespace vethctl
