#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

// What the control groups of this process allow it (cgroups(7), versions 1 and 2): the tightest
// limit on the way from its own group up to the highest that it sees. `root` is the folder in which
// /proc/self and the mount points are looked for: "/", or one that a test has made.
namespace mini_infer::core {

// Seconds of processor time that the process may use in a second; nothing: no limit is known.
std::optional<double> cgroup_processors(const std::filesystem::path& root = "/");

// Bytes that the process may still take before its group is at its limit, where pages of files that
// the system can drop at once (inactive_file) count as free; nothing: no limit is known.
std::optional<std::size_t> cgroup_free_bytes(const std::filesystem::path& root = "/");

}  // namespace mini_infer::core
