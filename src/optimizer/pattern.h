#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optimizer/rewrite.h"

// Computations that exporters write out as several nodes: how passes look at them, and how one node
// takes their place.
namespace mini_infer::optimizer {

// The node that makes the value, when it is this operator of ai.onnx; else nullptr.
const graph::Node* made_by(const graph::Graph& graph, graph::ValueId value, std::string_view op);

// Whether a number that exporters print with as few as six digits is the expected one.
bool near(double number, double expected);

// The element of a constant that has exactly one: float32, int32 or int64.
std::optional<double> number(const graph::Graph& graph, graph::ValueId value);
bool is_number(const graph::Graph& graph, graph::ValueId value, double expected);

// slope * x + offset, through additions and multiplications of single numbers in any order. Values
// inside have no other reader.
struct Line {
  graph::ValueId x;
  double slope = 1;
  double offset = 0;
};
Line line_of(const Rewriter& rewriter, graph::ValueId value);

// coefficient * factors[0] * factors[1] * ..., through Mul, and Div by a number, in any order.
// Values inside have no other reader.
struct Product {
  double coefficient = 1;
  std::vector<graph::ValueId> factors = {};
};
Product product_of(const Rewriter& rewriter, graph::NodeId node);

// An operator of ai.onnx that computes as one node what was written as several.
struct Replacement {
  std::string op;
  int opset;
  std::map<std::string, graph::Attribute, std::less<>> attributes = {};
};

// Makes `last` compute `by` of these inputs, and removes the nodes between them and it. False, and
// nothing changed, when somebody else needs a value in between, or when `last` does not make a
// float32 tensor of the shape of input 0.
bool replace(Rewriter& rewriter, graph::NodeId last, std::vector<graph::ValueId> inputs,
             Replacement by);

}  // namespace mini_infer::optimizer
