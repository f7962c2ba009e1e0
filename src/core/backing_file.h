#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"

namespace mini_infer::core {

// A file whose bytes are constants of a graph, which views them where they are mapped.
// Immutable; several threads may use one at once.
class MINI_INFER_API BackingFile {
 public:
  virtual ~BackingFile() = default;

  // The path that it was opened by.
  virtual std::string_view name() const = 0;
  // All of it, for as long as this object lives.
  virtual std::span<const std::byte> bytes() const = 0;

  // ERROR_IO names the file when its size or the time of its last change are no longer those it had
  // when it was opened: what is mapped may then be other bytes, or none.
  [[nodiscard]] virtual Status check_unchanged() const = 0;

  // Gives pages back to the system, which reads them from the file again when they are next
  // accessed: those that lie wholly inside `bytes` (none where these are not of this file), or all.
  virtual void release(std::span<const std::byte> bytes) const = 0;
  virtual void release_all() const = 0;
};

}  // namespace mini_infer::core
