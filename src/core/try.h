#pragma once

#include "mini_infer/core/status.h"

// Leaves the function with the failed Status of `expression`.
#define MI_TRY(expression)                                                                      \
  do {                                                                                          \
    if (::mini_infer::core::Status mi_status = (expression); !mi_status.ok()) return mi_status; \
  } while (false)

#define MI_CONCAT_INNER(a, b) a##b
#define MI_CONCAT(a, b) MI_CONCAT_INNER(a, b)

// MI_ASSIGN(auto shape, broadcast(a, b)): declares or assigns the value, or leaves with the Status.
#define MI_ASSIGN(target, expression) \
  MI_ASSIGN_INNER(MI_CONCAT(mi_result_, __LINE__), target, expression)
#define MI_ASSIGN_INNER(result, target, expression) \
  auto result = (expression);                       \
  if (!result.ok()) return result.status();         \
  target = std::move(result).value()
