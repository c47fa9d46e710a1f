#include "plugin/vethctl/table_format.hpp"

namespace vethctl {

report::TableFormat table_format(const Arguments& arguments, const Console& console) {
  return {.width = console.width,
          .is_wide = arguments.value("output") == "wide",
          .has_headings = !arguments.has("no-headers"),
          .is_coloured = console.is_coloured};
}

}  // namespace vethctl
