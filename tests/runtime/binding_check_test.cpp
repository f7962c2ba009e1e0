#include "runtime/binding_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace mini_infer::test {
namespace {

using core::Status;
using runtime::AddressRange;
using runtime::check_binding;
using ::testing::HasSubstr;
using Use = AddressRange::Use;

AddressRange range(Use use, std::string_view name, std::uintptr_t begin, std::size_t bytes) {
  return {use, name, reinterpret_cast<const void*>(begin), bytes};
}

// The answer to two ranges, of which the first one changes.
Status check(const AddressRange& changed, const AddressRange& other) {
  const std::vector<AddressRange> ranges = {changed, other};
  return check_binding(ranges, 0);
}

TEST(BindingCheck, NamesBothTensorsAndTheBytesThatTheyShare) {
  const Status status =
      check(range(Use::kOutput, "y", 1000, 100), range(Use::kInput, "x", 1060, 200));
  EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(status.message(),
              HasSubstr("output 'y': its bytes [60, 100) are bytes [0, 40) of input 'x', 40 bytes "
                        "are shared"));
  EXPECT_THAT(
      check(range(Use::kInput, "x", 1060, 20), range(Use::kOutput, "y", 1000, 100)).message(),
      HasSubstr("input 'x': its bytes [0, 20) are bytes [60, 80) of output 'y', 20 bytes"));
  EXPECT_THAT(
      check(range(Use::kInput, "x", 64, 64), range(Use::kPool, "weights pool", 0, 4096)).message(),
      HasSubstr("are bytes [64, 128) of the weights pool, 64 bytes"));
}

TEST(BindingCheck, InputsMayShareBytes) {
  EXPECT_TRUE(check(range(Use::kInput, "a", 64, 64), range(Use::kInput, "b", 64, 64)).ok());
  EXPECT_FALSE(check(range(Use::kOutput, "a", 64, 64), range(Use::kOutput, "b", 64, 64)).ok());
}

TEST(BindingCheck, ARangeWithoutBytesOverlapsWithNothing) {
  EXPECT_TRUE(check(range(Use::kOutput, "y", 80, 0), range(Use::kInput, "x", 64, 64)).ok());
  EXPECT_TRUE(check(range(Use::kOutput, "y", 64, 64), range(Use::kInput, "x", 80, 0)).ok());
  EXPECT_TRUE(check(range(Use::kOutput, "y", 0, 0), range(Use::kInput, "x", 0, 0)).ok());
}

TEST(BindingCheck, WhatWasBoundToTheSameTensorBeforeIsNotLookedAt) {
  const std::vector<AddressRange> ranges = {range(Use::kInput, "x", 0, 64),
                                            range(Use::kOutput, "y", 64, 64)};
  EXPECT_TRUE(check_binding(ranges, 0).ok());
  EXPECT_TRUE(check_binding(ranges, 1).ok());
}

TEST(BindingCheck, TheLastBytesOfTheAddressSpaceDoNotWrapAround) {
  const std::uintptr_t last = ~std::uintptr_t{0} - 15;
  EXPECT_TRUE(check(range(Use::kOutput, "y", last, 16), range(Use::kInput, "x", 0, 64)).ok());
  EXPECT_FALSE(
      check(range(Use::kOutput, "y", last, 16), range(Use::kInput, "x", last - 16, 32)).ok());
}

TEST(BindingCheck, AgreesWithAComparisonByteByByte) {
  std::mt19937 random(1);
  const auto number = [&random](unsigned limit) { return random() % limit; };
  for (int round = 0; round < 2000; ++round) {
    const std::uintptr_t a = number(20), b = number(20);
    const std::size_t a_bytes = number(10), b_bytes = number(10);
    std::set<std::uintptr_t> bytes;
    for (std::size_t i = 0; i < a_bytes; ++i) bytes.insert(a + i);
    bool apart = true;
    for (std::size_t i = 0; i < b_bytes; ++i) apart &= bytes.count(b + i) == 0;
    EXPECT_EQ(check(range(Use::kOutput, "a", a, a_bytes), range(Use::kInput, "b", b, b_bytes)).ok(),
              apart)
        << a << " + " << a_bytes << ", " << b << " + " << b_bytes;
  }
}

}  // namespace
}  // namespace mini_infer::test
