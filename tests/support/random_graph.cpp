#include "support/random_graph.h"

#include <algorithm>
#include <stdexcept>

#include "ops/op_def.h"
#include "support/graph_builder.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using graph::ValueId;

// splitmix64 (Steele, Lea, Flood 2014): std distributions differ between standard libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  int below(int limit) { return static_cast<int>(next() % static_cast<std::uint64_t>(limit)); }
  bool chance(int percent) { return below(100) < percent; }
  float unit() { return static_cast<float>(next() >> 40) / static_cast<float>(1 << 23) - 1.0f; }

 private:
  std::uint64_t state_;
};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  RandomGraph make() {
    const int inputs = 1 + random_.below(3);
    for (int i = 0; i < inputs; ++i) {
      const Shape shape{1 + random_.below(2), 2 * (1 + random_.below(3)), 2 + random_.below(4),
                        2 + random_.below(4)};
      add(b_.input("input_" + std::to_string(i), shape), shape);
    }
    const int nodes = 2 + random_.below(18);
    for (int i = 0; i < nodes; ++i) add_node();
    choose_outputs();
    RandomGraph result;
    result.graph = b_.share();
    for (ValueId id : result.graph->inputs) {
      result.inputs.push_back(random_tensor(*result.graph->value(id).shape));
    }
    return result;
  }

 private:
  struct Known {
    ValueId id;
    Shape shape;
  };

  void add(ValueId id, const Shape& shape) { known_.push_back({id, shape}); }
  // Recent values more often than old ones, so that chains form and old values stay alive.
  const Known& pick() {
    const int count = static_cast<int>(known_.size());
    const int from = random_.chance(60) ? std::max(0, count - 3) : 0;
    return known_[static_cast<std::size_t>(from + random_.below(count - from))];
  }
  const Known* pick_of_shape(const Shape& shape) {
    std::vector<const Known*> fitting;
    for (const Known& known : known_) {
      if (known.shape == shape) fitting.push_back(&known);
    }
    return fitting[static_cast<std::size_t>(random_.below(static_cast<int>(fitting.size())))];
  }

  core::Tensor random_tensor(const Shape& shape) {
    core::Tensor tensor = core::Tensor::allocate(core::DataType::kFloat32, shape).value();
    auto* values = reinterpret_cast<float*>(tensor.mutable_bytes().data());
    for (std::int64_t i = 0; i < shape.elements(); ++i) values[i] = random_.unit();
    return tensor;
  }

  // Adds the node and learns the shapes of its results by inference.
  void apply(const std::string& type, std::vector<ValueId> inputs, int outputs,
             GraphBuilder::Attributes attributes = {}) {
    const auto made = b_.ops(type, std::move(inputs), outputs, std::move(attributes));
    ops::InferContext context(b_.graph(),
                              static_cast<graph::NodeId>(b_.graph().nodes().size()) - 1);
    const core::Status inferred = ops::find(context.node())->infer(context);
    if (!inferred.ok()) throw std::logic_error(inferred.message());
    for (ValueId id : made) add(id, *b_.graph().value(id).shape);
  }

  void add_node() {
    const Known x = pick();
    switch (random_.below(19)) {
      case 0:
        return apply("Relu", {x.id}, 1);
      case 1:
        return apply("Sigmoid", {x.id}, 1);
      case 2:
        return apply("Add", {x.id, pick_of_shape(x.shape)->id}, 1);
      case 3:
        return apply("Mul", {x.id, pick_of_shape(x.shape)->id}, 1);
      case 4:
        return apply("Add", {x.id, broadcast_constant(x.shape)}, 1);
      case 5:
        return apply("Sum", {x.id, pick_of_shape(x.shape)->id, pick_of_shape(x.shape)->id}, 1);
      case 6:
        return reshape(x);
      case 7:
        return apply("Identity", {x.id}, 1);
      case 8:
        return transpose(x);
      case 9:
        return concat(x);
      case 10:
        return split(x);
      case 11:
        return apply("Softmax", {x.id}, 1, {{"axis", std::int64_t{-1}}});
      case 12:
        return slice(x);
      case 13:
        return conv(x);
      case 14:
        return pool(x);
      case 15:
        return matmul(x);
      case 16:
        return normalized_sum(x);
      case 17:
        return squeeze_and_excite(x);
      case 18:
        return branches(x);
    }
  }

  ValueId broadcast_constant(const Shape& shape) {
    Shape small = shape;
    for (int axis = 0; axis < small.rank(); ++axis) {
      if (random_.chance(50)) small[axis] = 1;
    }
    return b_.constant(random_tensor(small));
  }

  void reshape(const Known& x) {
    if (random_.chance(50)) return apply("Reshape", {x.id, b_.int64s({-1})}, 1);
    const std::int64_t columns = x.shape.rank() > 0 ? x.shape[x.shape.rank() - 1] : 1;
    apply("Reshape", {x.id, b_.int64s({1, -1, columns, 1})}, 1);
  }

  void transpose(const Known& x) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(x.shape.rank()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[static_cast<std::size_t>(random_.below(static_cast<int>(i)))]);
    }
    apply("Transpose", {x.id}, 1, {{"perm", order}});
  }

  void concat(const Known& x) {
    const std::int64_t axis = random_.below(x.shape.rank());  // first: arguments have no order
    apply("Concat", {x.id, pick_of_shape(x.shape)->id}, 1, {{"axis", axis}});
  }

  void split(const Known& x) {
    const int axis = random_.below(x.shape.rank());
    if (x.shape[axis] < 2) return apply("Relu", {x.id}, 1);
    apply("Split", {x.id, b_.int64s({1, x.shape[axis] - 1})}, 2, {{"axis", std::int64_t{axis}}});
  }

  void slice(const Known& x) {
    const int axis = random_.below(x.shape.rank());
    const std::int64_t from = x.shape[axis] > 1 ? random_.below(2) : 0;
    apply("Slice", {x.id, b_.int64s({from}), b_.int64s({INT32_MAX}), b_.int64s({axis})}, 1);
  }

  bool is_image(const Known& x) const {
    return x.shape.rank() == 4 && x.shape[2] >= 2 && x.shape[3] >= 2 && x.shape.elements() < 2000;
  }

  void conv(const Known& x) {
    if (!is_image(x)) return apply("Sigmoid", {x.id}, 1);
    const std::int64_t kernel = random_.chance(50) ? 1 : 3;
    const std::int64_t out_channels = random_.chance(70) ? x.shape[1] : 3;
    const ValueId weights =
        b_.constant(random_tensor(Shape{out_channels, x.shape[1], kernel, kernel}));
    std::vector<std::int64_t> pads(4, kernel / 2);
    apply("Conv", {x.id, weights, b_.constant(random_tensor(Shape{out_channels}))}, 1,
          {{"pads", pads}});
  }

  void pool(const Known& x) {
    if (!is_image(x)) return apply("Relu", {x.id}, 1);
    apply(random_.chance(50) ? "MaxPool" : "AveragePool", {x.id}, 1,
          {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
  }

  void matmul(const Known& x) {
    if (x.shape.rank() < 2) return apply("Relu", {x.id}, 1);
    const std::int64_t inner = x.shape[x.shape.rank() - 1];
    apply("MatMul", {x.id, b_.constant(random_tensor(Shape{inner, 1 + random_.below(6)}))}, 1);
  }

  void normalized_sum(const Known& x) {
    apply("Add", {x.id, pick_of_shape(x.shape)->id}, 1);
    if (x.shape.rank() == 0) return;
    const ValueId scale = b_.constant(random_tensor(Shape{x.shape[x.shape.rank() - 1]}));
    apply("LayerNormalization", {known_.back().id, scale}, 1, {{"epsilon", 0.5f}});
  }

  void squeeze_and_excite(const Known& x) {
    if (!is_image(x)) return apply("Sigmoid", {x.id}, 1);
    apply("GlobalAveragePool", {x.id}, 1);
    apply("Mul", {x.id, known_.back().id}, 1);
    if (random_.chance(50)) apply("Add", {known_.back().id, pick_of_shape(x.shape)->id}, 1);
  }

  // Convolutions of one image side by side, so many filters that they may lie in their Concat; with
  // what reads one of them, or all, besides.
  void branches(const Known& x) {
    if (!is_image(x)) return apply("Relu", {x.id}, 1);
    filter(x, 4 * (1 + random_.below(2)), 1);
    const Known first = known_.back();
    filter(random_.chance(50) ? x : first, 4, 3);
    apply("Concat", {first.id, known_.back().id}, 1, {{"axis", std::int64_t{1}}});
    const Known joined = known_.back();
    if (random_.chance(50)) normalize(joined);
    if (random_.chance(50)) filter(known_.back(), 4, 3);
    if (random_.chance(30)) pool(joined);
    if (random_.chance(30)) filter(joined, joined.shape[1], 3, joined.shape[1]);
  }

  void filter(const Known& x, std::int64_t filters, std::int64_t kernel, std::int64_t groups = 1) {
    if (!is_image(x)) return;
    const ValueId weights =
        b_.constant(random_tensor(Shape{filters, x.shape[1] / groups, kernel, kernel}));
    apply("Conv", {x.id, weights}, 1,
          {{"pads", std::vector<std::int64_t>(4, kernel / 2)}, {"group", groups}});
  }

  void normalize(const Known& x) {
    const Shape channels{x.shape[1]};
    core::Tensor variance = core::Tensor::allocate(core::DataType::kFloat32, channels).value();
    std::fill_n(reinterpret_cast<float*>(variance.mutable_bytes().data()), x.shape[1], 0.5f);
    apply("BatchNormalization",
          {x.id, b_.constant(random_tensor(channels)), b_.constant(random_tensor(channels)),
           b_.constant(random_tensor(channels)), b_.constant(std::move(variance))},
          1, {{"epsilon", 0.5f}});
  }

  void choose_outputs() {
    b_.output(known_.back().id);
    const int more = random_.below(3);
    for (int i = 0; i < more; ++i) b_.output(pick().id);
    if (random_.chance(10)) b_.output(b_.constant(random_tensor(Shape{3})));
  }

  Random random_;
  GraphBuilder b_;
  std::vector<Known> known_;
};

}  // namespace

RandomGraph random_graph(std::uint32_t seed) { return Generator(seed).make(); }

}  // namespace mini_infer::test
