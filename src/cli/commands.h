#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/compare.h"
#include "cli/exit_code.h"
#include "mini_infer/core/status.h"
#include "mini_infer/planner/solve.h"

// The verbs of mini-infer, each in a .cpp of its own, and what the command line says to them.
namespace mini_infer::cli {

struct ModelOptions {
  std::string path;
  std::vector<std::string> shapes;  // "x:1x3x224x224,y:1", repeatable
  std::vector<std::string> inputs;  // "name=file" or "file.npz", repeatable
  std::vector<std::string> loads;   // "name:file,...", files of bare bytes
  // Of models that run after it: paths, and "stage/output=stage/input".
  std::vector<std::string> then;
  std::vector<std::string> hand_offs;
  bool digest = false;  // whether Model::digests is wanted, for which all files are read
};

struct PlanningFlags {
  bool no_sharing = false;
  bool keep_order = false;
  std::string passes;  // "none" or a list; empty: all
  bool check_passes = false;
  std::string windows;  // likewise, of slice, split, concat
  std::size_t alignment = 256;
  std::optional<std::size_t> arena_limit;  // bytes
  std::optional<std::size_t> total_limit;  // bytes
  std::size_t workspace = 0;               // bytes
  std::string precision = "fp32";          // see core::Precision
};

// Where and how it computes: see runtime::EngineConfig.
struct DeviceFlags {
  std::string device = "cpu";  // "cpu", "cuda" or "auto"
  int index = 0;               // of a CUDA device
  int threads = 0;
  std::vector<int> processors;
  std::string instructions = "native";
  bool no_winograd = false;
  bool no_libraries = false;
  bool tune = false;
  std::string tuning_file;        // empty: none
  std::string fallback = "none";  // "cpu": steps without a CUDA kernel on the CPU
};

struct PlanCommand {
  bool json = false;
  ModelOptions model;
  PlanningFlags planning;
  std::string device = "any";
  std::string cpu = "native";     // the instruction set to plan for, see core::InstructionSet
  std::string device_properties;  // a file or a known device's name; empty: none
  std::string fallback = "none";  // see DeviceFlags
  bool steps = false;
  std::string certificate;
};

struct RunCommand {
  bool json = false;
  ModelOptions model;
  PlanningFlags planning;
  DeviceFlags device;
  std::string output_dir;
  std::optional<std::uint64_t> seed;
  bool profile = false;
  bool poison = false;
};

struct VerifyCommand {
  bool json = false;
  std::vector<std::string> folders;
  PlanningFlags planning;
  DeviceFlags device;
  std::optional<Criterion> criterion;  // unset: see verify_folder
  Tolerance tolerance;                 // its criterion apart
  bool poison = false;
};

struct BenchCommand {
  bool json = false;
  ModelOptions model;
  PlanningFlags planning;
  DeviceFlags device;
  std::optional<int> iterations;
  double warm_up_ms = 200;
  double duration_s = 3;
  std::vector<double> percentiles = {90, 95, 99};
  std::uint64_t seed = 0;
  bool account = false;
  bool dump_profile = false;
  std::string export_profile;
  std::string export_times;
};

struct InspectCommand {
  bool json = false;
  ModelOptions model;
  std::string after;
  bool each_pass = false;
  bool nodes = false;
};

struct SolveCommand {
  bool json = false;
  std::string path;
  std::string output;
  // See planner::Effort.
  std::int64_t nodes = 2'000'000;  // some 6 s on a problem that resists
  std::optional<double> seconds;
  int threads = 1;
  std::optional<std::int64_t> capacity;
};

struct CheckCommand {
  bool json = false;
  std::string path;
  std::vector<std::string> models;  // that the certificate must be of; empty: any
  bool search = false;
};

struct DevicesCommand {
  bool json = false;
  std::string write_properties;  // a file; empty: none
  int index = 0;                 // of the CUDA device whose properties are written
};

// A Status says that there is no result; an exit code says what the result means.
[[nodiscard]] core::Result<ExitCode> execute(const PlanCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const RunCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const VerifyCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const BenchCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const InspectCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const SolveCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const CheckCommand& command);
[[nodiscard]] core::Result<ExitCode> execute(const DevicesCommand& command);

}  // namespace mini_infer::cli
