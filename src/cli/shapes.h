#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::cli {

// What --shapes says.
struct ShapeArguments {
  std::map<std::string, core::Shape> shapes;    // by input
  std::map<std::string, std::int64_t> symbols;  // extents by symbol
};

// Names that a text may mean. They may hold anything, also what separates them here.
struct ShapeNames {
  std::vector<std::string> inputs;
  std::vector<std::string> symbols;
};

// The inputs, and the symbols in their shapes, each name once.
ShapeNames shape_names(const graph::Graph& graph);

// A list, separated by commas, of "x:1x3x224x224" as TensorRT's tools spell it, "x:1,3,224,224",
// "x:scalar" for no extents, and "N=8" for a symbol. Where there is one input, its name and the
// colon may be left out. Several texts add up. Names of the model are found whole, whatever they
// hold; another name ends at its last colon or equal sign. ERROR_INVALID_ARGUMENT says what is
// wrong with which part.
[[nodiscard]] core::Result<ShapeArguments> parse_shapes(const std::vector<std::string>& texts,
                                                        const ShapeNames& names);

// Sets the extents of symbols in all inputs. ERROR_INVALID_ARGUMENT for a symbol that no input has.
[[nodiscard]] core::Status bind_symbols(graph::Graph& graph,
                                        const std::map<std::string, std::int64_t>& symbols);

// Takes 1 for the first extent of each input where that is unknown, and says so for each.
[[nodiscard]] core::Result<std::vector<std::string>> take_leading_as_one(graph::Graph& graph);

}  // namespace mini_infer::cli
