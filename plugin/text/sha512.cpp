#include "plugin/text/sha512.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace text {
namespace {

using Word = std::uint64_t;
using State = std::array<Word, 8>;

constexpr std::size_t word_bytes = 8;
constexpr std::size_t block_words = 16;
constexpr std::size_t block_bytes = block_words * word_bytes;
constexpr std::size_t rounds = 80;
constexpr int byte_bits = 8;

/// The first 64 bits of the fractional parts of the cube roots of the first 80 primes (section 4.2.3).
constexpr std::array<Word, rounds> round_constants{
    0x428a2f98d728ae22U, 0x7137449123ef65cdU, 0xb5c0fbcfec4d3b2fU, 0xe9b5dba58189dbbcU, 0x3956c25bf348b538U,
    0x59f111f1b605d019U, 0x923f82a4af194f9bU, 0xab1c5ed5da6d8118U, 0xd807aa98a3030242U, 0x12835b0145706fbeU,
    0x243185be4ee4b28cU, 0x550c7dc3d5ffb4e2U, 0x72be5d74f27b896fU, 0x80deb1fe3b1696b1U, 0x9bdc06a725c71235U,
    0xc19bf174cf692694U, 0xe49b69c19ef14ad2U, 0xefbe4786384f25e3U, 0x0fc19dc68b8cd5b5U, 0x240ca1cc77ac9c65U,
    0x2de92c6f592b0275U, 0x4a7484aa6ea6e483U, 0x5cb0a9dcbd41fbd4U, 0x76f988da831153b5U, 0x983e5152ee66dfabU,
    0xa831c66d2db43210U, 0xb00327c898fb213fU, 0xbf597fc7beef0ee4U, 0xc6e00bf33da88fc2U, 0xd5a79147930aa725U,
    0x06ca6351e003826fU, 0x142929670a0e6e70U, 0x27b70a8546d22ffcU, 0x2e1b21385c26c926U, 0x4d2c6dfc5ac42aedU,
    0x53380d139d95b3dfU, 0x650a73548baf63deU, 0x766a0abb3c77b2a8U, 0x81c2c92e47edaee6U, 0x92722c851482353bU,
    0xa2bfe8a14cf10364U, 0xa81a664bbc423001U, 0xc24b8b70d0f89791U, 0xc76c51a30654be30U, 0xd192e819d6ef5218U,
    0xd69906245565a910U, 0xf40e35855771202aU, 0x106aa07032bbd1b8U, 0x19a4c116b8d2d0c8U, 0x1e376c085141ab53U,
    0x2748774cdf8eeb99U, 0x34b0bcb5e19b48a8U, 0x391c0cb3c5c95a63U, 0x4ed8aa4ae3418acbU, 0x5b9cca4f7763e373U,
    0x682e6ff3d6b2b8a3U, 0x748f82ee5defb2fcU, 0x78a5636f43172f60U, 0x84c87814a1f0ab72U, 0x8cc702081a6439ecU,
    0x90befffa23631e28U, 0xa4506cebde82bde9U, 0xbef9a3f7b2c67915U, 0xc67178f2e372532bU, 0xca273eceea26619cU,
    0xd186b8c721c0c207U, 0xeada7dd6cde0eb1eU, 0xf57d4f7fee6ed178U, 0x06f067aa72176fbaU, 0x0a637dc5a2c898a6U,
    0x113f9804bef90daeU, 0x1b710b35131c471bU, 0x28db77f523047d84U, 0x32caab7b40c72493U, 0x3c9ebe0a15c9bebcU,
    0x431d67c49c100d4cU, 0x4cc5d4becb3e42b6U, 0x597f299cfc657e2aU, 0x5fcb6fab3ad6faecU, 0x6c44198c4a475817U};

/// The same of the square roots of the first eight primes (section 5.3.5).
constexpr State initial_state{0x6a09e667f3bcc908U, 0xbb67ae8584caa73bU, 0x3c6ef372fe94f82bU, 0xa54ff53a5f1d36f1U,
                              0x510e527fade682d1U, 0x9b05688c2b3e6c1fU, 0x1f83d9abfb41bd6bU, 0x5be0cd19137e2179U};

// The functions of section 4.1.3, with their numbers.
// NOLINTBEGIN(readability-magic-numbers)
constexpr Word big_sigma0(Word x) { return std::rotr(x, 28) ^ std::rotr(x, 34) ^ std::rotr(x, 39); }
constexpr Word big_sigma1(Word x) { return std::rotr(x, 14) ^ std::rotr(x, 18) ^ std::rotr(x, 41); }
constexpr Word small_sigma0(Word x) { return std::rotr(x, 1) ^ std::rotr(x, 8) ^ (x >> 7U); }
constexpr Word small_sigma1(Word x) { return std::rotr(x, 19) ^ std::rotr(x, 61) ^ (x >> 6U); }
// NOLINTEND(readability-magic-numbers)
constexpr Word choose(Word x, Word y, Word z) { return (x & y) ^ (~x & z); }
constexpr Word majority(Word x, Word y, Word z) { return (x & y) ^ (x & z) ^ (y & z); }

Word word_at(std::string_view block, std::size_t position) {
  Word word = 0;
  for (const char byte : block.substr(position * word_bytes, word_bytes)) {
    word = word << static_cast<unsigned>(byte_bits) | static_cast<std::uint8_t>(byte);
  }
  return word;
}

/// The message schedule of a block (section 6.4.2, step 1).
std::array<Word, rounds> schedule_of(std::string_view block) {
  std::array<Word, rounds> words{};
  for (std::size_t t = 0; t < block_words; ++t) words.at(t) = word_at(block, t);
  for (std::size_t t = block_words; t < rounds; ++t) {
    words.at(t) =
        small_sigma1(words.at(t - 2)) + words.at(t - 7) + small_sigma0(words.at(t - 15)) + words.at(t - block_words);
  }
  return words;
}

/// Section 6.4.2, steps 2 to 4.
void add_block(std::string_view block, State& state) {
  const auto words = schedule_of(block);
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t t = 0; t < rounds; ++t) {
    const Word first = h + big_sigma1(e) + choose(e, f, g) + round_constants.at(t) + words.at(t);
    const Word second = big_sigma0(a) + majority(a, b, c);
    h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
  }
  const State added{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < state.size(); ++i) state.at(i) += added.at(i);
}

/// The text, a bit 1, zeros, and the length of the text in bits, of 128 bits (section 5.1.2).
std::string padded(std::string_view bytes) {
  constexpr std::size_t length_bytes = 16;
  std::string text{bytes};
  text += '\x80';
  while (text.size() % block_bytes != block_bytes - length_bytes) text += '\0';
  text.append(length_bytes - word_bytes, '\0');
  const Word bits = Word{bytes.size()} * static_cast<unsigned>(byte_bits);
  for (int shift = 56; shift >= 0; shift -= byte_bits) text += static_cast<char>(bits >> static_cast<unsigned>(shift));
  return text;
}

std::string hex_of(Word word) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[word >> static_cast<unsigned>(shift) & 0xfU];
  return text;
}

}  // namespace

std::string sha512_hex(std::string_view bytes) {
  const auto text = padded(bytes);
  State state = initial_state;
  for (std::size_t begin = 0; begin < text.size(); begin += block_bytes) {
    add_block(std::string_view{text}.substr(begin, block_bytes), state);
  }
  std::string hex;
  for (const Word word : state) hex += hex_of(word);
  return hex;
}

}  // namespace text
