#pragma once

#include "plugin/vethctl/command.hpp"

#include <functional>
#include <string>
#include <vector>

namespace vethctl {

/// What a word on the command line names.
enum class NameKind { network, netns, attachment, end, interface, configuration };

/// The names of a kind that exist on this node.
using NameSource = std::function<std::vector<std::string>(NameKind)>;

/// The completions of the last of these words, which follow "vethctl": commands, options and choices from the table of
/// commands, and names. Which names, follows from the words in the synopsis: NETWORK, NETNS, END, ATTACHMENT. Empty
/// where a file or any other text is expected.
std::vector<std::string> completions(const std::vector<Command>& commands, std::vector<std::string> words,
                                     const NameSource& names);

/// The script for "bash", "zsh" or "fish". It runs `vethctl completion words` for each completion, so it completes the
/// commands of the installed version.
std::string completion_script(const std::string& shell);

}  // namespace vethctl
