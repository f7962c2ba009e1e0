#include <algorithm>
#include <array>

#include "ops/op_def.h"

namespace mini_infer::ops {

// One table per file of operators; add yours here and below.
extern const std::span<const OpDef> kUnaryOps;

namespace {

const OpDef* find_in(std::span<const OpDef> table, std::string_view domain, std::string_view type) {
  auto it = std::find_if(table.begin(), table.end(), [&](const OpDef& def) {
    return def.type == type && def.domain == domain;
  });
  return it == table.end() ? nullptr : &*it;
}

}  // namespace

const OpDef* find(std::string_view domain, std::string_view type) {
  for (const auto* table : {&kUnaryOps}) {
    if (const OpDef* def = find_in(*table, domain, type)) return def;
  }
  return nullptr;
}

}  // namespace mini_infer::ops
