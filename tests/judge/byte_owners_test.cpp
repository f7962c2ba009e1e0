#include "judge/byte_owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini_infer::test {
namespace {

using judge::ByteOwners;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ByteOwners, AWriteTakesTheMiddleOfARun) {
  ByteOwners owners;
  owners.write(0, 100, 1);
  owners.write(40, 60, 2);
  EXPECT_TRUE(owners.owned(0, 40, 1));
  EXPECT_TRUE(owners.owned(40, 60, 2));
  EXPECT_TRUE(owners.owned(60, 100, 1));
  EXPECT_FALSE(owners.owned(0, 41, 1));
  EXPECT_THAT(owners.contents_in(30, 70), ElementsAre(1, 2, 1));
}

TEST(ByteOwners, BytesNobodyWroteAreNobodys) {
  ByteOwners owners;
  owners.write(10, 20, 1);
  EXPECT_FALSE(owners.owned(5, 15, 1));
  EXPECT_FALSE(owners.owned(15, 25, 1));
  EXPECT_THAT(owners.contents_in(20, 30), IsEmpty());
  EXPECT_THAT(owners.contents_in(0, 10), IsEmpty());
}

TEST(ByteOwners, ARunMayBeMadeOfSeveralWrites) {
  ByteOwners owners;
  owners.write(0, 10, 1);
  owners.write(10, 20, 1);
  EXPECT_TRUE(owners.owned(5, 15, 1));
}

TEST(ByteOwners, AnEmptyRangeIsAlwaysOwned) { EXPECT_TRUE(ByteOwners().owned(7, 7, 3)); }

}  // namespace
}  // namespace mini_infer::test
