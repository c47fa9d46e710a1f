#pragma once

#include "plugin/veth_node/board.hpp"
#include "plugin/veth_node/follower.hpp"
#include "plugin/veth_node/keeper.hpp"
#include "plugin/veth_node/log.hpp"

#include <string>

namespace veth_node {

/// The entries of a directory that a Keeper reads: of one node.
cluster::Directory part_of(const cluster::Directory& directory, const std::string& node);

/// Joins the cluster, then keeps entries and blocks of this node, after each change of the board and every 10 s.
/// Failures are noted on the board; a refusal of this node also as its end. Returns after a refusal, and when
/// Time::pause returns false.
void keep_on(Keeper& keeper, Board& board, const std::string& node, const Log& log, const Time& time);

}  // namespace veth_node
