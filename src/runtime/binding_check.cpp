#include "runtime/binding_check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace mini_infer::runtime {
namespace {

using core::Status;
using Use = AddressRange::Use;

// The bytes that two ranges share, by where they begin in each.
struct Shared {
  std::size_t in_first = 0;
  std::size_t in_second = 0;
  std::size_t bytes = 0;
};

std::optional<Shared> shared_bytes(const AddressRange& first, const AddressRange& second) {
  const auto a = reinterpret_cast<std::uintptr_t>(first.begin);
  const auto b = reinterpret_cast<std::uintptr_t>(second.begin);
  Shared shared;
  shared.in_first = b > a ? b - a : 0;
  shared.in_second = a > b ? a - b : 0;
  if (shared.in_first >= first.bytes || shared.in_second >= second.bytes) return std::nullopt;
  shared.bytes = std::min(first.bytes - shared.in_first, second.bytes - shared.in_second);
  return shared;
}

// The one place that knows who may share bytes. An exception (an output that is allowed to lie in
// the place of a certain input, say) belongs here.
bool may_share(const AddressRange& a, const AddressRange& b) {
  return a.use == Use::kInput && b.use == Use::kInput;
}

std::string describe(const AddressRange& range) {
  const std::string name(range.name);
  switch (range.use) {
    case Use::kInput:
      return "input '" + name + "'";
    case Use::kOutput:
      return "output '" + name + "'";
    case Use::kPool:
      return "the " + name;
  }
  return name;
}

std::string interval(std::size_t begin, std::size_t bytes) {
  return "bytes [" + std::to_string(begin) + ", " + std::to_string(begin + bytes) + ")";
}

Status refuse(const AddressRange& changed, const AddressRange& other, const Shared& shared) {
  return {Status::ERROR_INVALID_ARGUMENT,
          describe(changed) + ": its " + interval(shared.in_first, shared.bytes) + " are " +
              interval(shared.in_second, shared.bytes) + " of " + describe(other) + ", " +
              std::to_string(shared.bytes) +
              " bytes are shared; expected memory that nothing else of the context uses"};
}

}  // namespace

Status check_binding(std::span<const AddressRange> ranges, std::size_t changed) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i == changed || may_share(ranges[changed], ranges[i])) continue;
    if (const auto shared = shared_bytes(ranges[changed], ranges[i])) {
      return refuse(ranges[changed], ranges[i], *shared);
    }
  }
  return Status::SUCCESS;
}

}  // namespace mini_infer::runtime
