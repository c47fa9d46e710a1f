#include "plugin/cni/key_spelling.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace cni {
namespace {

constexpr std::size_t long_key = 6;

// tolower is not used because it depends on the locale.
char folded(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

bool is_same_character(char left, char right) { return folded(left) == folded(right); }

// The Damerau-Levenshtein distance (optimal string alignment). Three rows of the table are enough: the current row and
// the two before it.
class EditDistance {
 public:
  EditDistance(std::string_view left, std::string_view right)
      : left_(left), right_(right), before_last_(right.size() + 1), last_(right.size() + 1), row_(right.size() + 1) {
    for (std::size_t column = 0; column < row_.size(); ++column) row_[column] = column;
  }

  std::size_t distance() {
    for (std::size_t line = 1; line <= left_.size(); ++line) {
      std::swap(before_last_, last_);
      std::swap(last_, row_);
      row_[0] = line;
      for (std::size_t column = 1; column < row_.size(); ++column) row_[column] = cheapest(line, column);
    }
    return row_.back();
  }

 private:
  std::size_t cheapest(std::size_t line, std::size_t column) const {
    const std::size_t replaced = is_same_character(left_[line - 1], right_[column - 1]) ? 0 : 1;
    const std::size_t cost = std::min({last_[column] + 1, row_[column - 1] + 1, last_[column - 1] + replaced});
    return are_swapped(line, column) ? std::min(cost, before_last_[column - 2] + 1) : cost;
  }

  bool are_swapped(std::size_t line, std::size_t column) const {
    return line > 1 && column > 1 && is_same_character(left_[line - 1], right_[column - 2]) &&
           is_same_character(left_[line - 2], right_[column - 1]);
  }

  std::string_view left_;
  std::string_view right_;
  std::vector<std::size_t> before_last_;
  std::vector<std::size_t> last_;
  std::vector<std::size_t> row_;
};

}  // namespace

bool is_same_key(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, is_same_character);
}

bool is_misspelling(std::string_view left, std::string_view right) {
  const auto [shorter, longer] = std::minmax({left.size(), right.size()});
  const std::size_t limit = shorter < long_key ? 1 : 2;
  return longer - shorter <= limit && EditDistance(left, right).distance() <= limit;
}

}  // namespace cni
