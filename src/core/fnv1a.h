#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mini_infer::core {

// 64-bit FNV-1a (Fowler, Noll, Vo) over numbers and texts: the same on every machine and build.
class Fnv1a {
 public:
  void add(std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte) add_byte((number >> (8 * byte)) & 0xff);
  }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    for (const char letter : text) add_byte(static_cast<unsigned char>(letter));
  }
  // 16 hex digits.
  std::string hex() const {
    std::string text(16, '0');
    for (int digit = 0; digit < 16; ++digit) {
      text[static_cast<std::size_t>(15 - digit)] = "0123456789abcdef"[(hash_ >> (4 * digit)) & 0xf];
    }
    return text;
  }

 private:
  void add_byte(std::uint64_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }

  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace mini_infer::core
