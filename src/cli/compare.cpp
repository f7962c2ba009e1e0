#include "cli/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/tensor_values.h"

namespace mini_infer::cli {
namespace {

using core::Tensor;

std::string index_text(const core::Shape& shape, std::size_t element) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()));
  auto rest = static_cast<std::int64_t>(element);
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<std::size_t>(axis)] = rest % shape[axis];
    rest /= shape[axis];
  }
  return core::Shape(std::move(index)).to_string();
}

// Both numbers, with as many digits as it takes to tell them apart.
std::string pair_text(double expected, double found) {
  constexpr int kFewest = 6, kAll = 17;
  std::array<char, 32> first{}, second{};
  for (int digits = kFewest; digits <= kAll; ++digits) {
    std::snprintf(first.data(), first.size(), "%.*g", digits, expected);
    std::snprintf(second.data(), second.size(), "%.*g", digits, found);
    if (std::string_view(first.data()) != second.data()) break;
  }
  return std::string("expected ") + first.data() + ", found " + second.data();
}

std::string difference_text(const Tensor& tensor, std::size_t count, std::size_t element,
                            double expected, double found) {
  return std::to_string(count) + " of " + std::to_string(tensor.elements()) +
         " elements differ; at " + index_text(tensor.shape(), element) + " " +
         pair_text(expected, found);
}

std::string compare_bytes(const Tensor& actual, const Tensor& expected) {
  const auto a = actual.bytes(), b = expected.bytes();
  if (std::equal(a.begin(), a.end(), b.begin(), b.end())) return "";
  const auto found = to_doubles(actual), reference = to_doubles(expected);
  // Sub-byte types have no elements of their own in memory.
  if (!found) return "the bytes differ";
  const auto width = static_cast<std::size_t>(core::bits_per_element(actual.type())) / 8;
  std::size_t count = 0, first = 0;
  for (std::size_t i = found->size(); i-- > 0;) {
    if (std::memcmp(&a[i * width], &b[i * width], width) == 0) continue;
    ++count;
    first = i;
  }
  return difference_text(actual, count, first, (*reference)[first], (*found)[first]);
}

// What both criteria judge.
struct FloatErrors {
  double max_error = 0;      // over pairs of finite elements
  double max_reference = 0;  // likewise
  std::size_t special = 0;   // pairs where a NaN or infinity has no equal partner
  std::size_t beyond = 0;    // finite pairs further apart than rtol and atol allow
  double max_excess = 0;     // over those: how many times as far apart as allowed
  std::size_t first_special = 0;
  std::size_t furthest = 0;  // the pair of max_error
  std::size_t worst = 0;     // the pair of max_excess
};

FloatErrors float_errors(const std::vector<double>& actual, const std::vector<double>& expected,
                         const Tolerance& tolerance) {
  FloatErrors errors;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], b = expected[i];
    if (!std::isfinite(a) || !std::isfinite(b)) {
      const bool equal = a == b || (std::isnan(a) && std::isnan(b));
      if (!equal && errors.special++ == 0) errors.first_special = i;
      continue;
    }
    const double error = std::fabs(a - b);
    const double allowed = tolerance.atol + tolerance.rtol * std::fabs(b);
    if (error > allowed) {
      ++errors.beyond;
      if (error / allowed > errors.max_excess) {
        errors.max_excess = error / allowed;
        errors.worst = i;
      }
    }
    if (error > errors.max_error) {
      errors.max_error = error;
      errors.furthest = i;
    }
    errors.max_reference = std::max(errors.max_reference, std::fabs(b));
  }
  return errors;
}

double relative(const FloatErrors& errors) {
  if (errors.max_error == 0) return 0;
  return errors.max_error / errors.max_reference;
}

std::string judge(const Tensor& tensor, const FloatErrors& errors,
                  const std::vector<double>& actual, const std::vector<double>& expected,
                  const Tolerance& tolerance) {
  auto at = [&](std::size_t count, std::size_t element) {
    return difference_text(tensor, count, element, expected[element], actual[element]);
  };
  if (errors.special > 0) return at(errors.special, errors.first_special);
  if (tolerance.criterion == Criterion::kElements) {
    if (errors.beyond == 0) return "";
    return at(errors.beyond, errors.worst) + ", " + number_text(errors.max_excess) +
           " times as far apart as rtol " + number_text(tolerance.rtol) + " and atol " +
           number_text(tolerance.atol) + " allow";
  }
  if (relative(errors) <= tolerance.rel_max) return "";
  return "max|difference| / max|reference| is " + number_text(relative(errors)) + ", more than " +
         number_text(tolerance.rel_max) + "; at " + index_text(tensor.shape(), errors.furthest) +
         " " + pair_text(expected[errors.furthest], actual[errors.furthest]);
}

}  // namespace

std::string compare_types(const Tensor& actual, const Tensor& expected) {
  if (actual.type() == expected.type() && actual.shape() == expected.shape()) return "";
  auto text = [](const Tensor& tensor) {
    return core::type_name(tensor.type()) + tensor.shape().to_string();
  };
  return "expected " + text(expected) + ", found " + text(actual);
}

Comparison compare(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  if (std::string difference = compare_types(actual, expected); !difference.empty()) {
    return {std::move(difference), std::nullopt};
  }
  const bool floating = core::is_floating(actual.type());
  const auto found = floating ? to_doubles(actual) : std::nullopt;
  const auto reference = floating ? to_doubles(expected) : std::nullopt;
  if (!found) return {compare_bytes(actual, expected), std::nullopt};
  const FloatErrors errors = float_errors(*found, *reference, tolerance);
  return {judge(actual, errors, *found, *reference, tolerance), relative(errors)};
}

}  // namespace mini_infer::cli
