#include "plugin/text/sha512.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

struct Sha512Case {
  std::string text;
  std::string hash;
};

// The lengths at which the padding needs another block. The hashes are those of sha512sum(1).
TEST(Sha512, IsThatOfSha512sum) {
  const Sha512Case cases[] = {
      {"",
       "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
       "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
      {"abc",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
      {std::string(111, 'a'),
       "fa9121c7b32b9e01733d034cfc78cbf67f926c7ed83e82200ef8681819692176"
       "0b4beff48404df811b953828274461673c68d04e297b0eb7b2b4d60fc6b566a2"},
      {std::string(112, 'a'),
       "c01d080efd492776a1c43bd23dd99d0a2e626d481e16782e75d54c2503b5dc32"
       "bd05f0f1ba33e568b88fd2d970929b719ecbb152f58f130a407c8830604b70ca"},
      {std::string(128, 'a'),
       "b73d1929aa615934e61a871596b3f3b33359f42b8175602e89f7e06e5f658a24"
       "3667807ed300314b95cacdd579f3e33abdfbe351909519a846d465c59582f321"},
      {std::string(300, 'a'),
       "a6a77010dd9696c23831e6549de51724df332c2075039b75fcfe6c2e6de42fbd"
       "3c80ed4073267e00c8c320712c3cdd9d65a96f90a3fe4a58a6b70a103be08e83"},
  };
  for (const auto& [text, hash] : cases) EXPECT_EQ(text::sha512_hex(text), hash) << text.size() << " bytes";
}

}  // namespace
