#include "cli/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
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

std::string difference_text(const Tensor& tensor, std::size_t count, std::size_t element,
                            const std::string& expected, const std::string& found) {
  return std::to_string(count) + " of " + std::to_string(tensor.elements()) +
         " elements differ; at " + index_text(tensor.shape(), element) + " expected " + expected +
         ", found " + found;
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
  return difference_text(actual, count, first, number_text((*reference)[first]),
                         number_text((*found)[first]));
}

// What both kinds of tolerance judge.
struct FloatErrors {
  double max_error = 0;      // over pairs of finite elements
  double max_reference = 0;  // likewise
  std::size_t special = 0;   // pairs where a NaN or infinity has no equal partner
  std::size_t beyond = 0;    // finite pairs further apart than rtol and atol allow
  std::size_t first_special = 0;
  std::size_t worst = 0;  // of the finite pairs
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
    if (error > tolerance.atol + tolerance.rtol * std::fabs(b)) ++errors.beyond;
    if (error > errors.max_error) {
      errors.max_error = error;
      errors.worst = i;
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
    return difference_text(tensor, count, element, number_text(expected[element]),
                           number_text(actual[element]));
  };
  if (errors.special > 0) return at(errors.special, errors.first_special);
  if (!tolerance.rel_max) return errors.beyond > 0 ? at(errors.beyond, errors.worst) : "";
  if (relative(errors) <= *tolerance.rel_max) return "";
  return "max|difference| / max|reference| is " + number_text(relative(errors)) + "; at " +
         index_text(tensor.shape(), errors.worst) + " expected " +
         number_text(expected[errors.worst]) + ", found " + number_text(actual[errors.worst]);
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
