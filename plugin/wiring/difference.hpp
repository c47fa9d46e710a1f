#pragma once

#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>
#include <vector>

namespace wiring {

/// Each thing that is wanted and not there, or there otherwise, as one sentence; empty where all is well. What is there
/// and not wanted does not count: later plugins of a chain may add to an interface, and may move its routes to a table
/// of their own. Nor does a link-local address that nothing goes through: IPv6 may be off there. Neighbours are not
/// compared: they are there for the first packets, and the kernel may forget them and ask anew whenever it likes. Nor
/// are the VLANs of a port: only a listing of all ports tells them.
std::vector<std::string> difference(const Wiring& wanted, const Observed& observed);

/// The wiring without the addresses and routes that are there, and with the MACs that are: what a repair has to put on
/// both ends. They have to stand.
Wiring lacking(Wiring wanted, const Observed& observed);

}  // namespace wiring
