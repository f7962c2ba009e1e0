#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <random>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "optimizer/builder.h"
#include "optimizer/optimized.h"

// Networks of what the passes rewrite, wired at random: whatever a pass does, names, shapes and
// numbers stay.
namespace mini_infer::test {
namespace {

using core::Shape;
using graph::kNoValue;
using graph::ValueId;
using Ints = std::vector<std::int64_t>;

class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint32_t seed) : random_(seed) {
    values_ = {builder_.input("x", {1 + pick(2), 4, 4, 6}), builder_.input("z", {1, 4, 1, 1})};
    builder_.output(values_[0]);  // a network always returns something
    for (int step = 0; step < 14; ++step) grow(step);
    builder_.graph().outputs.clear();
    const auto readers = builder_.graph().readers();
    for (ValueId value : values_) {
      const bool unread = readers[static_cast<std::size_t>(value)].empty();
      if (unread || pick(8) == 0) builder_.output(value);
    }
  }

  const graph::Graph& graph() { return builder_.graph(); }

 private:
  using Grow = std::function<std::vector<ValueId>(const std::string& name, ValueId x)>;

  std::int64_t pick(std::int64_t choices) { return static_cast<std::int64_t>(random_()) % choices; }

  const Shape& shape(ValueId value) { return *builder_.graph().value(value).shape; }

  // A value made before, with this shape if there is one.
  ValueId another(const Shape& like) {
    std::vector<ValueId> fitting;
    for (ValueId value : values_) {
      if (shape(value) == like) fitting.push_back(value);
    }
    const auto& from = fitting.empty() ? values_ : fitting;
    return from[static_cast<std::size_t>(pick(static_cast<std::int64_t>(from.size())))];
  }

  // Adds a node, unless it does not fit.
  void grow(int step) {
    const graph::Graph before = builder_.graph();
    const ValueId x = values_[static_cast<std::size_t>(
        std::max(pick(static_cast<std::int64_t>(values_.size())),
                 pick(static_cast<std::int64_t>(values_.size()))))];
    const auto& grow_one =
        kinds_[static_cast<std::size_t>(pick(static_cast<std::int64_t>(kinds_.size())))];
    const auto made = grow_one(std::to_string(step), x);
    if (!made.empty() && ops::infer(builder_.graph(), cpu::evaluate).ok() &&
        shape(made[0]).elements() > 0 && shape(made[0]).elements() < 4000) {
      values_.insert(values_.end(), made.begin(), made.end());
    } else {
      builder_.graph() = before;
    }
  }

  std::vector<ValueId> convolution(const std::string& name, ValueId x) {
    if (shape(x).rank() < 3) return {};
    const std::int64_t groups = shape(x)[1] % 2 == 0 ? 1 + pick(2) : 1;
    Shape weights{2 * groups, shape(x)[1] / groups};
    std::vector<std::int64_t> dims = weights.dims();
    for (int axis = 2; axis < shape(x).rank(); ++axis) dims.push_back(pick(2) == 0 ? 1 : 3);
    return {builder_.conv(name, x, Shape(dims), {{"group", groups}})};
  }

  std::vector<ValueId> normalisation(const std::string& name, ValueId x) {
    if (shape(x).rank() < 2) return {};
    return {builder_.batch_norm(name, x, shape(x)[1])};
  }

  std::vector<ValueId> activation(const std::string& name, ValueId x) {
    static const std::vector<std::string> kTypes = {"Relu", "Tanh",      "LeakyRelu", "Sigmoid",
                                                    "Abs",  "HardSwish", "Identity"};
    return {builder_.node(kTypes[static_cast<std::size_t>(pick(7))], name, {x})};
  }

  // Written out, with every value open to other readers.
  std::vector<ValueId> gated_activation(const std::string& name, ValueId x) {
    const ValueId gate = builder_.node(pick(2) == 0 ? "Sigmoid" : "HardSigmoid", name + "_g", {x});
    return {builder_.mul(name, x, gate), gate};
  }

  std::vector<ValueId> normalisation_of_rows(const std::string& name, ValueId x) {
    if (shape(x).rank() < 2) return {};
    const std::int64_t width = shape(x)[shape(x).rank() - 1];
    const Builder::Attributes last = {{"axes", Ints{-1}}};
    const ValueId mean = builder_.node("ReduceMean", name + "_m", {x}, last);
    const ValueId d = builder_.node("Sub", name + "_d", {x, mean});
    const ValueId base = pick(3) == 0 ? x : d;
    const ValueId variance =
        builder_.node("ReduceMean", name + "_v", {builder_.mul(name + "_2", base, base)}, last);
    const ValueId stable = builder_.add(name + "_e", variance, builder_.scalar(name + "_c", 0.1f));
    const ValueId root = builder_.node("Sqrt", name + "_r", {stable});
    const ValueId quotient = builder_.node("Div", name + "_q", {pick(3) == 0 ? x : d, root});
    return {builder_.mul(name, quotient, builder_.weights(name + "_w", {width})), quotient, root};
  }

  std::vector<ValueId> squeeze_and_excite(const std::string& name, ValueId x) {
    if (shape(x).rank() < 3) return {};
    const ValueId pooled = builder_.node("GlobalAveragePool", name + "_p", {x});
    return {builder_.mul(name, x, builder_.node("Sigmoid", name + "_g", {pooled}))};
  }

  std::vector<ValueId> addition(const std::string& name, ValueId x) {
    return {builder_.node(pick(4) == 0 ? "Mul" : "Add", name, {x, another(shape(x))})};
  }

  std::vector<ValueId> addition_of_constant(const std::string& name, ValueId x) {
    std::vector<std::int64_t> dims = shape(x).dims();
    for (std::int64_t& extent : dims) extent = pick(2) == 0 ? 1 : extent;
    dims.erase(dims.begin(), dims.begin() + pick(static_cast<std::int64_t>(dims.size()) + 1));
    return {builder_.node(pick(2) == 0 ? "Mul" : "Add", name,
                          {builder_.weights(name + "_c", Shape(dims)), x})};
  }

  std::int64_t axis_of(ValueId x) {
    const auto rank = static_cast<std::int64_t>(shape(x).rank());
    return rank == 0 ? 0 : pick(2 * rank) - rank;
  }

  std::vector<ValueId> concatenation(const std::string& name, ValueId x) {
    return {builder_.node("Concat", name,
                          {x, another(shape(x)), builder_.weights(name + "_c", shape(x))},
                          {{"axis", axis_of(x)}})};
  }

  std::vector<ValueId> halves(const std::string& name, ValueId x) {
    return builder_.node_of_many("Split", name, {x}, 2, {{"axis", axis_of(x)}}, 11);
  }

  std::vector<ValueId> slice(const std::string& name, ValueId x) {
    return {builder_.node("Slice", name,
                          {x, builder_.constant(name + "_s", int64s({pick(2)})),
                           builder_.constant(name + "_e", int64s({9 - pick(9)})),
                           builder_.constant(name + "_a", int64s({axis_of(x)}))})};
  }

  std::vector<ValueId> pad(const std::string& name, ValueId x) {
    Ints pads;
    for (int i = 0; i < 2 * shape(x).rank(); ++i) pads.push_back(pick(6) == 0);
    return {builder_.node("Pad", name, {x, builder_.constant(name + "_p", int64s(pads))})};
  }

  std::vector<ValueId> reduction(const std::string& name, ValueId x) {
    if (shape(x).rank() < 2) return {};
    return {builder_.node("ReduceMean", name, {x},
                          {{"axes", Ints{axis_of(x)}}, {"keepdims", pick(2)}}, 13)};
  }

  std::vector<ValueId> softmax(const std::string& name, ValueId x) {
    return {builder_.node("Softmax", name, {x}, {{"axis", axis_of(x)}})};
  }

  std::vector<ValueId> transposition(const std::string& name, ValueId x) {
    Ints permutation(static_cast<std::size_t>(shape(x).rank()));
    std::iota(permutation.begin(), permutation.end(), 0);
    if (permutation.size() >= 3 && pick(2) == 0) {
      const auto turn = pick(2) == 0 ? permutation.begin() + 2 : permutation.end() - 1;
      std::rotate(permutation.begin() + 1, turn, permutation.end());
    } else {
      for (std::size_t i = permutation.size(); i > 1; --i) {
        std::swap(permutation[i - 1],
                  permutation[static_cast<std::size_t>(pick(static_cast<std::int64_t>(i)))]);
      }
    }
    return {builder_.transpose(name, x, permutation)};
  }

  std::vector<ValueId> reshape(const std::string& name, ValueId x) {
    const Shape& from = shape(x);
    if (from.rank() < 2) return {};
    switch (pick(3)) {
      case 0:
        return {builder_.reshape(name, x, {from[0], from[1], -1})};
      case 1:
        return {builder_.reshape(name, x, {from[0], from[1], -1, 2})};
      default:
        return {builder_.node("Flatten", name, {x})};
    }
  }

  std::vector<ValueId> product(const std::string& name, ValueId x) {
    if (shape(x).rank() < 2) return {};
    const std::int64_t depth = shape(x)[shape(x).rank() - 1];
    const ValueId weights = builder_.weights(name + "_w", {depth, 3});
    return {builder_.node(shape(x).rank() == 2 && pick(2) == 0 ? "Gemm" : "MatMul", name,
                          {x, weights})};
  }

  std::vector<ValueId> pooling(const std::string& name, ValueId x) {
    if (shape(x).rank() < 3) return {};
    if (pick(2) == 0) return {builder_.node("GlobalAveragePool", name, {x})};
    Ints window(static_cast<std::size_t>(shape(x).rank() - 2), 2);
    return {builder_.node(pick(2) == 0 ? "MaxPool" : "AveragePool", name, {x},
                          {{"kernel_shape", window}})};
  }

  Grow bind(std::vector<ValueId> (RandomNetwork::*kind)(const std::string&, ValueId)) {
    return [this, kind](const std::string& name, ValueId x) { return (this->*kind)(name, x); };
  }

  std::mt19937 random_;
  Builder builder_;
  std::vector<ValueId> values_;
  const std::vector<Grow> kinds_ = {
      bind(&RandomNetwork::convolution),
      bind(&RandomNetwork::convolution),
      bind(&RandomNetwork::convolution),
      bind(&RandomNetwork::normalisation),
      bind(&RandomNetwork::normalisation),
      bind(&RandomNetwork::activation),
      bind(&RandomNetwork::activation),
      bind(&RandomNetwork::addition),
      bind(&RandomNetwork::addition),
      bind(&RandomNetwork::addition_of_constant),
      bind(&RandomNetwork::concatenation),
      bind(&RandomNetwork::halves),
      bind(&RandomNetwork::slice),
      bind(&RandomNetwork::pad),
      bind(&RandomNetwork::reduction),
      bind(&RandomNetwork::softmax),
      bind(&RandomNetwork::transposition),
      bind(&RandomNetwork::transposition),
      bind(&RandomNetwork::reshape),
      bind(&RandomNetwork::product),
      bind(&RandomNetwork::pooling),
      bind(&RandomNetwork::gated_activation),
      bind(&RandomNetwork::normalisation_of_rows),
      bind(&RandomNetwork::squeeze_and_excite),
  };
};

TEST(RandomNetwork, ComputesTheSameAfterAllPasses) {
  for (std::uint32_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomNetwork network(seed);
    optimized(network.graph());
  }
}

TEST(RandomNetwork, ComputesTheSameAfterLayoutAlone) {
  for (std::uint32_t seed = 1000; seed < 1200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomNetwork network(seed);
    optimized(network.graph(), {{"layout"}});
  }
}

TEST(RandomNetwork, CanBeOptimisedAgain) {
  for (std::uint32_t seed = 2000; seed < 2100 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomNetwork network(seed);
    optimized(optimized(network.graph()));
  }
}

}  // namespace
}  // namespace mini_infer::test
