#include "optimizer/attention/strided_view.h"

#include <gtest/gtest.h>

#include <random>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "optimizer/builder.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Tensor;
using graph::ValueId;
using optimizer::Stride;
using optimizer::StridedAxis;
using optimizer::StridedView;
using Extents = std::vector<std::int64_t>;

// Random views of one tensor, one after the other.
class Chain {
 public:
  explicit Chain(unsigned seed) : random_(seed) {
    shape_ = {4, 6, 1, 8};
    std::vector<float> numbers(static_cast<std::size_t>(Shape(shape_).elements()));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
    value_ = builder_.input("x", Shape(shape_));
    root_ = floats(Shape(shape_), numbers);
    for (int step = 0; step < 5; ++step) add_step("step" + std::to_string(step));
    builder_.output(value_);
  }

  graph::Graph& graph() { return builder_.graph(); }
  ValueId value() const { return value_; }
  const Tensor& root() const { return root_; }

 private:
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }
  ValueId ints(const std::string& name, Extents values) {
    return builder_.constant(name, int64s(std::move(values)));
  }

  void add_step(const std::string& name) {
    switch (below(6)) {
      case 0:
        return transpose(name);
      case 1:
        return reshape(name);
      case 2:
        return slice(name);
      case 3:
        return split(name);
      case 4:
        return expand(name);
      default:
        return gather(name);
    }
  }

  void transpose(const std::string& name) {
    Extents axes(shape_.size());
    for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
    std::shuffle(axes.begin(), axes.end(), random_);
    Extents moved;
    for (std::int64_t axis : axes) moved.push_back(shape_[static_cast<std::size_t>(axis)]);
    value_ = builder_.transpose(name, value_, axes);
    shape_ = std::move(moved);
  }

  // Joins two neighbours, or cuts an axis in two.
  void reshape(const std::string& name) {
    const auto at = static_cast<std::size_t>(below(static_cast<std::int64_t>(shape_.size())));
    if (below(2) == 0 && at + 1 < shape_.size()) {
      shape_[at] *= shape_[at + 1];
      shape_.erase(shape_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    } else if (shape_[at] % 2 == 0) {
      shape_[at] /= 2;
      shape_.insert(shape_.begin() + static_cast<std::ptrdiff_t>(at) + 1, 2);
    }
    value_ = builder_.reshape(name, value_, shape_);
  }

  void slice(const std::string& name) {
    const std::int64_t axis = below(static_cast<std::int64_t>(shape_.size()));
    std::int64_t& extent = shape_[static_cast<std::size_t>(axis)];
    const std::int64_t first = below(extent);
    const std::int64_t step = 1 + below(2);
    value_ = builder_.node("Slice", name,
                           {value_, ints(name + "_from", {first}), ints(name + "_to", {extent}),
                            ints(name + "_axis", {axis}), ints(name + "_step", {step})});
    extent = (extent - first + step - 1) / step;
  }

  void split(const std::string& name) {
    const std::int64_t axis = below(static_cast<std::int64_t>(shape_.size()));
    std::int64_t& extent = shape_[static_cast<std::size_t>(axis)];
    if (extent < 2) return;
    const std::int64_t first = 1 + below(extent - 1);
    const Extents parts = {first, extent - first};
    const auto which = static_cast<std::size_t>(below(2));
    value_ = builder_.node_of_many("Split", name, {value_, ints(name + "_parts", parts)}, 2,
                                   {{"axis", axis}})[which];
    extent = parts[which];
  }

  void expand(const std::string& name) {
    for (std::int64_t& extent : shape_) extent = extent == 1 ? 1 + below(3) : extent;
    value_ = builder_.node("Expand", name, {value_, ints(name + "_to", shape_)});
  }

  void gather(const std::string& name) {
    if (shape_.size() < 3) return;
    const std::int64_t axis = below(static_cast<std::int64_t>(shape_.size()));
    const std::int64_t index = below(shape_[static_cast<std::size_t>(axis)]);
    const Tensor scalar = int64s({index}).reshaped({});
    value_ = builder_.node("Gather", name, {value_, builder_.constant(name + "_index", scalar)},
                           {{"axis", axis}});
    shape_.erase(shape_.begin() + axis);
  }

  std::mt19937 random_;
  Builder builder_;
  Extents shape_;
  ValueId value_ = graph::kNoValue;
  Tensor root_;
};

// What the view reads, element by element.
std::vector<float> read(const StridedView& view, const Tensor& root) {
  std::vector<std::int64_t> positions = {view.offset};
  for (const StridedAxis& axis : view.axes) {
    for (const Stride& stride : axis) {
      std::vector<std::int64_t> next;
      for (std::int64_t position : positions) {
        for (std::int64_t i = 0; i < stride.extent; ++i) {
          next.push_back(position + i * stride.step);
        }
      }
      positions = std::move(next);
    }
  }
  std::vector<float> elements;
  for (std::int64_t position : positions) {
    elements.push_back(root.as<float>()[static_cast<std::size_t>(position)]);
  }
  return elements;
}

TEST(StridedView, ReadsWhatTheNodesWouldCopy) {
  int found = 0;
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Chain chain(seed);
    ASSERT_TRUE(ops::infer(chain.graph(), cpu::evaluate).ok());
    const auto steps = optimizer::view_steps(chain.graph(), chain.value(), false);
    const auto view = optimizer::view_through(chain.graph(), chain.value(), steps, steps.size());
    if (!view) continue;
    ++found;
    EXPECT_EQ(view->root, chain.graph().inputs[0]);
    graph::Graph computed = chain.graph();
    computed.value(computed.inputs[0]).constant = chain.root();
    ASSERT_TRUE(ops::infer(computed, cpu::evaluate).ok());
    const Tensor expected = *computed.value(chain.value()).constant;
    std::vector<float> elements = read(*view, chain.root());
    EXPECT_TRUE(std::ranges::equal(elements, expected.as<float>()));
  }
  EXPECT_GT(found, 250);
}

TEST(StridedView, MergesWhatLiesTogether) {
  EXPECT_EQ(optimizer::merged({{2, 12}, {3, 4}, {4, 1}}), (StridedAxis{{24, 1}}));
  EXPECT_EQ(optimizer::merged({{2, 24}, {3, 4}, {4, 1}}), (StridedAxis{{2, 24}, {12, 1}}));
  EXPECT_EQ(optimizer::single({{2, 24}, {3, 4}}), std::nullopt);
  EXPECT_EQ(optimizer::single({}), Stride{});
}

TEST(StridedView, RegroupsOnlyAlongStrides) {
  EXPECT_EQ(optimizer::regrouped({{{6, 10}}}, {2, 3}),
            (std::vector<StridedAxis>{{{2, 30}}, {{3, 10}}}));
  EXPECT_EQ(optimizer::regrouped({{{2, 10}}, {{3, 1}}}, {6}),
            (std::vector<StridedAxis>{{{2, 10}, {3, 1}}}));
  EXPECT_EQ(optimizer::regrouped({{{2, 10}}, {{3, 1}}}, {3, 2}), std::nullopt);
}

TEST(StridedView, CollectsScales) {
  Builder b;
  auto x = b.input("x", {2, 3});
  auto y = b.transpose("t", b.mul("m", b.scalar("three", 3), x), {1, 0});
  y = b.node("Div", "d", {y, b.scalar("two", 2)});
  b.output(y);
  ASSERT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  const auto steps = optimizer::view_steps(b.graph(), y, true);
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(optimizer::view_through(b.graph(), y, steps, 3)->scale, 1.5f);
  EXPECT_TRUE(optimizer::view_steps(b.graph(), y, false).empty());
}

}  // namespace
}  // namespace mini_infer::test
