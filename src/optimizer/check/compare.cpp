#include "optimizer/check/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "ops/dispatch.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Tensor;

constexpr auto kFloats = ops::kFloats;
constexpr auto kOthers = ops::kIntegers + ops::Types<ops::Bool>{};

std::string text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

// visit(elements) with the elements as their own type; false for a type that is not in the list.
template <typename... Ts, typename Visit>
bool with_elements(ops::Types<Ts...>, const Tensor& tensor, Visit visit) {
  return ((tensor.type() == ops::kTypeOf<Ts> && (visit(tensor.as<Ts>()), true)) || ...);
}

template <typename T>
double as_double(T x) {
  return static_cast<double>(ops::widened(x));
}

// Infinities of one sign have no difference; a NaN is as good as another.
bool is_near(double expected, double found, double most) {
  if (expected == found || (std::isnan(expected) && std::isnan(found))) return true;
  if (!std::isfinite(expected) || !std::isfinite(found)) return false;
  return std::fabs(expected - found) <= most;
}

std::string differs_at(std::size_t index, const std::string& expected, const std::string& found) {
  return "element " + std::to_string(index) + ": expected " + expected + ", found " + found;
}

std::optional<std::string> difference_of_bytes(const Tensor& expected, const Tensor& found) {
  const auto [e, f] = std::mismatch(expected.bytes().begin(), expected.bytes().end(),
                                    found.bytes().begin(), found.bytes().end());
  if (e == expected.bytes().end()) return std::nullopt;
  const auto byte = static_cast<std::size_t>(e - expected.bytes().begin());
  std::string text;
  with_elements(kOthers, expected, [&](auto elements) {
    using T = typename decltype(elements)::value_type;
    const std::size_t index = byte / sizeof(T);
    text = differs_at(index, std::to_string(ops::widened(elements[index])),
                      std::to_string(ops::widened(found.as<T>()[index])));
  });
  return text.empty() ? "byte " + std::to_string(byte) + " differs" : text;
}

}  // namespace

double largest_finite(const Tensor& tensor) {
  double largest = 0;
  with_elements(kFloats, tensor, [&](auto elements) {
    for (const auto element : elements) {
      const double magnitude = std::fabs(as_double(element));
      if (std::isfinite(magnitude)) largest = std::max(largest, magnitude);
    }
  });
  return largest;
}

std::optional<std::string> difference(const Tensor& expected, const Tensor& found, double most) {
  if (expected.type() != found.type() || expected.shape() != found.shape()) {
    return std::string("expected ") + core::type_name(expected.type()) +
           expected.shape().to_string() + ", found " + core::type_name(found.type()) +
           found.shape().to_string();
  }
  std::optional<std::string> first;
  const bool floats = with_elements(kFloats, expected, [&](auto elements) {
    const auto others = found.as<typename decltype(elements)::value_type>();
    for (std::size_t i = 0; i < elements.size() && !first; ++i) {
      const double e = as_double(elements[i]), f = as_double(others[i]);
      if (!is_near(e, f, most)) first = differs_at(i, text(e), text(f));
    }
  });
  return floats ? first : difference_of_bytes(expected, found);
}

}  // namespace mini_infer::optimizer
