#include "plugin/vethctl/log_reader.hpp"

#include "test/support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace {

using Lines = std::vector<std::string>;

class LogReader : public testing::Test {
 protected:
  void append(const std::string& text) const { std::ofstream{path, std::ios::app} << text; }
  void rotate() const { std::filesystem::rename(path, path + ".1"); }

  test::TemporaryDirectory directory;
  std::string path = directory.path() + "/calls.log";
  vethctl::LogReader reader{path};
};

TEST_F(LogReader, ReadsNewLines) {
  EXPECT_EQ(reader.read_lines(), Lines{});
  append("a\nb\n");
  EXPECT_EQ(reader.read_lines(), (Lines{"a", "b"}));
  EXPECT_EQ(reader.read_lines(), Lines{});
  append("c\n");
  EXPECT_EQ(reader.read_lines(), Lines{"c"});
}

TEST_F(LogReader, WaitsForACompleteLine) {
  append("a\nhal");
  EXPECT_EQ(reader.read_lines(), Lines{"a"});
  append("f\n");
  EXPECT_EQ(reader.read_lines(), Lines{"half"});
}

TEST_F(LogReader, ReadsARenamedFileToItsEnd) {
  append("a\n");
  EXPECT_EQ(reader.read_lines(), Lines{"a"});
  append("b\n");
  rotate();
  EXPECT_EQ(reader.read_lines(), Lines{"b"});
  append("c\n");
  EXPECT_EQ(reader.read_lines(), Lines{"c"});
  rotate();
  append("d\n");
  std::ofstream{path + ".1", std::ios::app} << "late\n";
  EXPECT_EQ(reader.read_lines(), (Lines{"late", "d"}));
}

TEST_F(LogReader, ReadsATruncatedFileFromItsBeginning) {
  append("a\nb\n");
  reader.read_lines();
  std::filesystem::resize_file(path, 0);
  append("c\n");
  EXPECT_EQ(reader.read_lines(), Lines{"c"});
}

}  // namespace
