#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mini_infer/graph/graph.h"

namespace mini_infer::cli {

// The parts between separators, empty ones included; no part for an empty text.
std::vector<std::string> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The one of `words` that is `word` but for few letters, in whatever case; nullopt if none is.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

// The extents as far as they are known: "[N,3,224,224]", "?" for one without a name.
std::string extents_text(const graph::Value& value);

// "float32[N,3,224,224]".
std::string type_text(const graph::Value& value);

// "ai.onnx" for the standard's own domain, which files leave empty.
std::string domain_text(std::string_view domain);

}  // namespace mini_infer::cli
