#include "ops/einsum.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

constexpr std::string_view kEllipsis = "...";
constexpr std::string_view kArrow = "->";

// A letter, or a negative number for an axis under the ellipsis: sorted, those come first.
using Label = int;
using Labels = std::vector<Label>;
using Axes = std::map<Label, EinsumAxis>;

struct Equation {
  std::string text;  // without spaces
  std::vector<std::string_view> terms;
  std::optional<std::string_view> output;
};

Status infer_einsum(InferContext& context) {
  MI_TRY(context.expect_inputs(1, INT32_MAX));
  for (int slot = 0; slot < context.input_count(); ++slot) {
    if (!context.has_input(slot)) {
      return context.fail("input " + std::to_string(slot) + " is missing");
    }
  }
  MI_TRY(expect_one_type(context));
  MI_ASSIGN(const EinsumGeometry geometry, einsum_geometry(context));
  context.set_output(0, context.input_type(0), geometry.output_shape());
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {{.type = "Einsum", .since = 12, .infer = infer_einsum}};

Status fail(const NodeView& view, const std::string& message) {
  return view.fail("equation '" + view.node().get_string("equation", "") + "': " + message);
}

std::string quoted(std::string_view term) {
  std::string text(1, '\'');
  text += term;
  text += '\'';
  return text;
}

// --- The equation's text ---

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_ellipsis(std::string_view term) { return term.find(kEllipsis) != std::string_view::npos; }

std::string letters_of(std::string_view term) {
  std::string letters(term);
  if (has_ellipsis(term)) letters.erase(term.find(kEllipsis), kEllipsis.size());
  return letters;
}

Status check_term(const NodeView& view, std::string_view term) {
  const std::string letters = letters_of(term);
  if (std::all_of(letters.begin(), letters.end(), is_letter)) return Status::SUCCESS;
  return fail(view, "expected letters and at most one '...', found " + quoted(term));
}

// The views point into the text: fills an Equation where it stays.
Status split(const NodeView& view, Equation& equation) {
  equation.text = view.node().get_string("equation", "");
  std::erase(equation.text, ' ');
  std::string_view left = equation.text;
  if (const auto arrow = left.find(kArrow); arrow != std::string_view::npos) {
    equation.output = left.substr(arrow + kArrow.size());
    left = left.substr(0, arrow);
    MI_TRY(check_term(view, *equation.output));
  }
  for (std::size_t comma; (comma = left.find(',')) != std::string_view::npos;) {
    equation.terms.push_back(left.substr(0, comma));
    left = left.substr(comma + 1);
  }
  equation.terms.push_back(left);
  for (std::string_view term : equation.terms) MI_TRY(check_term(view, term));
  if (static_cast<int>(equation.terms.size()) == view.input_count()) return Status::SUCCESS;
  return fail(view, "expected " + std::to_string(view.input_count()) + " terms, found " +
                        std::to_string(equation.terms.size()));
}

// --- What it means for the inputs ---

// How many axes every ellipsis stands for.
Result<int> ellipsis_rank(const NodeView& view, const Equation& equation) {
  std::optional<int> found;
  for (int slot = 0; slot < view.input_count(); ++slot) {
    const std::string_view term = equation.terms[static_cast<std::size_t>(slot)];
    const int letters = static_cast<int>(letters_of(term).size());
    const int rest = view.input_shape(slot).rank() - letters;
    const bool fits = has_ellipsis(term) ? rest >= 0 : rest == 0;
    if (!fits) {
      return fail(view, quoted(term) + " does not name the axes of input " + std::to_string(slot) +
                            ", " + view.input_shape(slot).to_string());
    }
    if (!has_ellipsis(term)) continue;
    if (found && *found != rest) {
      return fail(view, "'...' stands for " + std::to_string(*found) + " axes and for " +
                            std::to_string(rest));
    }
    found = rest;
  }
  return found.value_or(0);
}

Labels labels_of(std::string_view term, int ellipsis_rank) {
  Labels labels;
  while (!term.empty()) {
    if (term.starts_with(kEllipsis)) {
      for (int axis = 0; axis < ellipsis_rank; ++axis) labels.push_back(axis - ellipsis_rank);
      term.remove_prefix(kEllipsis.size());
    } else {
      labels.push_back(term.front());
      term.remove_prefix(1);
    }
  }
  return labels;
}

// Takes the axes of one input in. An extent of 1 is broadcast.
Status add_input(const NodeView& view, int slot, const Labels& labels, Axes& axes) {
  const Shape& shape = view.input_shape(slot);
  const std::vector<std::int64_t> strides = strides_of(shape);
  for (int at = 0; at < shape.rank(); ++at) {
    EinsumAxis& axis = axes[labels[static_cast<std::size_t>(at)]];
    axis.strides.resize(static_cast<std::size_t>(view.input_count()));
    if (shape[at] == 1) continue;
    if (axis.extent != 1 && axis.extent != shape[at]) {
      return fail(view, "one index has the extents " + std::to_string(axis.extent) + " and " +
                            std::to_string(shape[at]));
    }
    axis.extent = shape[at];
    axis.strides[static_cast<std::size_t>(slot)] += strides[static_cast<std::size_t>(at)];
  }
  return Status::SUCCESS;
}

// Without "->": the ellipsis, then the letters that appear once, in alphabetical order.
Labels implied_output(const Equation& equation, const Axes& axes) {
  Labels output;
  for (const auto& [label, axis] : axes) {
    const bool once = std::count(equation.text.begin(), equation.text.end(), label) == 1;
    if (label < 0 || once) output.push_back(label);
  }
  return output;
}

Result<Labels> stated_output(const NodeView& view, std::string_view term, const Axes& axes,
                             int ellipsis_rank) {
  if (ellipsis_rank > 0 && !has_ellipsis(term)) {
    return fail(view, "the output leaves '...' out");
  }
  const Labels output = labels_of(term, ellipsis_rank);
  for (Label label : output) {
    if (!axes.contains(label)) {
      return fail(view,
                  "no input has the index " + quoted(std::string(1, static_cast<char>(label))));
    }
    if (std::count(output.begin(), output.end(), label) > 1) {
      return fail(
          view, "the output repeats the index " + quoted(std::string(1, static_cast<char>(label))));
    }
  }
  return output;
}

Status check_size(const NodeView& view, const Axes& axes) {
  std::vector<std::int64_t> extents;
  for (const auto& [label, axis] : axes) extents.push_back(axis.extent);
  const bool countable = core::checked_bytes(core::DataType::kUInt8, Shape(extents)).has_value();
  return countable ? Status::SUCCESS : fail(view, "more products than can be counted");
}

}  // namespace

Shape EinsumGeometry::output_shape() const {
  std::vector<std::int64_t> extents;
  for (const EinsumAxis& axis : output) extents.push_back(axis.extent);
  return Shape(std::move(extents));
}

Result<EinsumGeometry> einsum_geometry(const NodeView& view) {
  Equation equation;
  MI_TRY(split(view, equation));
  MI_ASSIGN(const int under_ellipsis, ellipsis_rank(view, equation));
  Axes axes;
  for (int slot = 0; slot < view.input_count(); ++slot) {
    const std::string_view term = equation.terms[static_cast<std::size_t>(slot)];
    MI_TRY(add_input(view, slot, labels_of(term, under_ellipsis), axes));
  }
  MI_TRY(check_size(view, axes));
  Labels output = implied_output(equation, axes);
  if (equation.output) {
    MI_ASSIGN(output, stated_output(view, *equation.output, axes, under_ellipsis));
  }
  EinsumGeometry geometry;
  for (Label label : output) {
    geometry.output.push_back(std::move(axes[label]));
    axes.erase(label);
  }
  for (auto& [label, axis] : axes) geometry.summed.push_back(std::move(axis));
  return geometry;
}

extern constinit const std::span<const OpDef> kEinsumOps = kTable;

}  // namespace mini_infer::ops
