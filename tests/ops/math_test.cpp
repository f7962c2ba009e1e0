#include "ops/math.h"

#include <gtest/gtest.h>

#include <limits>

namespace mini_infer::test {
namespace {

namespace math = ops::math;

// The distance from the true value in units of the last place of the float nearest to it.
double error_in_ulps(float computed, double truth) {
  const float nearest = std::fabs(static_cast<float>(truth));
  if (std::isinf(nearest)) return std::fabs(computed) == nearest ? 0 : 1e9;
  const float next = std::nextafter(nearest, std::numeric_limits<float>::infinity());
  return std::fabs(computed - truth) / static_cast<double>(next - nearest);
}

// Over floats of every magnitude, subnormal and infinite ones too.
template <typename Function, typename Truth>
void expect_accurate(const char* name, Function function, Truth truth) {
  for (std::uint64_t bits = 0; bits <= UINT32_MAX; bits += 10007) {
    const float x = math::float_of(static_cast<std::uint32_t>(bits));
    const float y = function(x);
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(y)) << name << " of " << x;
    } else {
      EXPECT_LE(error_in_ulps(y, truth(static_cast<double>(x))), 4) << name << " of " << x;
    }
  }
}

TEST(Math, FloatsAreWithinFourUnitsInTheLastPlace) {
  expect_accurate(
      "exp", [](float x) { return math::exp(x); }, [](double x) { return std::exp(x); });
  expect_accurate(
      "exp of at most 0, but for subnormal results",
      [](float x) { return math::exp_of_negative(-std::fabs(x)); },
      [](double x) { return std::fabs(x) > 87 ? 0 : std::exp(-std::fabs(x)); });
  expect_accurate(
      "expm1", [](float x) { return math::expm1(x); }, [](double x) { return std::expm1(x); });
  expect_accurate(
      "tanh", [](float x) { return math::tanh(x); }, [](double x) { return std::tanh(x); });
  expect_accurate(
      "erf", [](float x) { return math::erf(x); }, [](double x) { return std::erf(x); });
  expect_accurate(
      "log of the magnitude", [](float x) { return math::log(std::fabs(x)); },
      [](double x) { return std::log(std::fabs(x)); });
  const auto clamped = [](auto x) { return std::fabs(x) > 1 ? 1 : std::fabs(x); };
  expect_accurate(
      "log1p of at most 1", [&](float x) { return math::log1p(clamped(x)); },
      [&](double x) { return std::log1p(clamped(x)); });
}

TEST(Math, TheNormalDistributionIsExactBesideOne) {
  for (float x = -9; x < 9; x += 0.00037f) {
    const double truth = 1 + std::erf(static_cast<double>(x) * std::sqrt(0.5));
    EXPECT_NEAR(static_cast<double>(math::one_plus_erf(x)), truth, 2e-7) << x;
  }
}

TEST(Math, TheEndsOfTheRange) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(math::exp(kInfinity), kInfinity);
  EXPECT_EQ(math::exp(-kInfinity), 0.0f);
  EXPECT_EQ(math::exp(0.0f), 1.0f);
  EXPECT_EQ(math::exp_of_negative(-kInfinity), 0.0f);
  EXPECT_EQ(math::exp_of_negative(0.0f), 1.0f);
  EXPECT_EQ(math::expm1(-kInfinity), -1.0f);
  EXPECT_EQ(math::tanh(-kInfinity), -1.0f);
  EXPECT_EQ(math::erf(kInfinity), 1.0f);
  EXPECT_EQ(math::one_plus_erf(kInfinity), 2.0f);
  EXPECT_EQ(math::one_plus_erf(-kInfinity), 0.0f);
  EXPECT_EQ(math::one_plus_erf(-0.0f), 1.0f);
  EXPECT_EQ(math::log(kInfinity), kInfinity);
  EXPECT_EQ(math::log(0.0f), -kInfinity);
  EXPECT_EQ(math::log(-0.0f), -kInfinity);
  EXPECT_TRUE(std::isnan(math::log(-1.0f)));
  EXPECT_EQ(math::log(1.0f), 0.0f);
}

}  // namespace
}  // namespace mini_infer::test
