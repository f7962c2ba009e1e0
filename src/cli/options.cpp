#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "cli/console.h"
#include "cli/model.h"
#include "cli/text.h"
#include "cli/verify_folder.h"
#include "optimizer/optimizer.h"

namespace mini_infer::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  mini-infer plan model.onnx --shapes=x:1x3x224x224
  mini-infer run model.onnx --input x=x.npy --output-dir out
  mini-infer verify tests/data/lenet5
  mini-infer bench model.onnx --shapes=x:1x3x224x224 --duration 3
  mini-infer inspect model.onnx --nodes
  mini-infer solve buffers.csv
  mini-infer check plan.json
  mini-infer devices

'mini-infer VERB --help' lists a verb's options.

Exit codes: 0 ok, 1 usage or an input file, 2 invalid model, 3 unsupported operator, 4 over budget,
5 accuracy or a refused plan, 6 regression, 7 device (out of memory), 8 internal error,
9 the bytes of the pools differ from the plan.)";

constexpr const char* kPlanExamples = R"(Examples:
  mini-infer plan model.onnx --shapes=x:8x3x224x224 --json
  mini-infer plan model.onnx --no-sharing           the unshared plan, to compare with
  mini-infer plan model.onnx --passes none          without the optimiser
  mini-infer plan model.onnx --device cpu           also binds every step to a CPU kernel
  mini-infer plan a.onnx --then b.onnx --hand-off a/y=b/x    two models, one timeline
  mini-infer plan model.onnx --certificate plan.json    for anyone to check, without the model)";

constexpr const char* kRunExamples = R"(Examples:
  mini-infer run model.onnx --input x=x.npy --input mask=mask.pb --output-dir out
  mini-infer run model.onnx --input inputs.npz
  mini-infer run model.onnx --shapes=x:1x3x224x224 --random 0 --profile)";

constexpr const char* kVerifyExamples = R"(Examples:
  mini-infer verify onnx/backend/test/data/node     every folder below, two levels deep
  mini-infer verify models/mnist --rel-max 1e-4     max|difference| / max|reference| per output
  mini-infer verify node --criterion elements       every element, as the ONNX node tests ask

Ends with 5 if a folder failed, else with 3 if one is not supported, else with 0.)";

constexpr const char* kBenchExamples = R"(Examples:
  mini-infer bench model.onnx --shapes=x:1x3x224x224
  mini-infer bench model.onnx --warmUp=500 --duration=10 --percentile=50,99.9
  mini-infer bench model.onnx --dumpProfile --exportProfile=profile.json)";

constexpr const char* kInspectExamples = R"(Examples:
  mini-infer inspect model.onnx
  mini-infer inspect model.onnx --shapes=x:1x3x224x224 --nodes
  mini-infer inspect model.onnx --shapes=x:1x3x224x224 --each-pass)";

constexpr const char* kSolveExamples = R"(Examples:
  mini-infer solve buffers.csv --output placed.csv
  mini-infer solve buffers.csv --capacity 1048576   any plan that is low enough
  mini-infer solve buffers.csv --time 60 --threads 2

CSV: a line of columns, id,lower,upper,size and perhaps alignment and offset (where a buffer lies
already), then one line for each buffer. It is live at steps lower to upper - 1. Other names that are
understood: buffer, buffer_id; begin, start; end (the last step itself). JSON: the same names,
{"buffers": [{"id": "a", "lower": 0, "upper": 2, "size": 64}]}.

Ends with 4 if no plan within the capacity was found, or none can be.)";

constexpr const char* kCheckExamples = R"(Examples:
  mini-infer plan model.onnx --certificate plan.json
  mini-infer check plan.json
  mini-infer check plan.json --model model.onnx     also that it is of this model
  mini-infer check plan.json --search               also searches again where a claim rests on it

Ends with 5 if the plan is refused, with 1 if the file is no certificate, or damaged.)";

constexpr const char* kDevicesExamples = R"(Examples:
  mini-infer devices
  mini-infer devices --write-properties gpu.json    on the machine with the GPU
  mini-infer plan model.onnx --device cuda --device-properties gpu.json --steps)";

// A check whose rule the help text states in its own words.
CLI::Validator silent(CLI::Validator check) { return check.description(""); }

// Finite, so that no NaN slips through a comparison later.
CLI::Validator in_range(double least, double most = std::numeric_limits<double>::max()) {
  auto check = [least, most](const std::string& text) -> std::string {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (*end == '\0' && value >= least && value <= most) return "";
    std::string expected = "expected a number from " + number_text(least);
    if (most < std::numeric_limits<double>::max()) expected += " to " + number_text(most);
    return expected + ", found '" + text + "'";
  };
  return CLI::Validator(check, "");
}

// A number of bytes with or without a unit: 4096, 64KB, 1GiB. Units are powers of 1024.
CLI::Validator bytes() {
  const auto to_number = [](std::string& text) -> std::string {
    // Else "-1" would be what 64 bits make of it.
    if (text.empty() || text.front() < '0' || text.front() > '9') {
      return "expected a number of bytes, as 4096 or 64KB, found '" + text + "'";
    }
    return CLI::AsSizeValue(false)(text);
  };
  return CLI::Validator(to_number, "");
}

// An option that may be repeated but takes one word each time, so that a model's path is never
// mistaken for its second word.
void add_repeatable(CLI::App* verb, const std::string& name, std::vector<std::string>& values,
                    const std::string& help, const std::string& word) {
  verb->add_option(name, values, help)->allow_extra_args(false)->type_name(word);
}

void add_sequence(CLI::App* verb, ModelOptions& model) {
  add_repeatable(verb, "--then", model.then,
                 "another model that runs after it, in the same arena and one plan; names are then "
                 "STAGE/NAME, a stage being its file's name without the ending",
                 "FILE");
  add_repeatable(verb, "--hand-off", model.hand_offs,
                 "an output of one stage that is an input of a later one, copied nowhere",
                 "STAGE/OUTPUT=STAGE/INPUT");
}

void add_model(CLI::App* verb, ModelOptions& model) {
  auto* path = verb->add_option("MODEL", model.path, "the ONNX file")->type_name("");
  verb->add_option("--onnx", model.path, "the same")->type_name("FILE")->excludes(path);
  verb->parse_complete_callback([&model] {
    if (model.path.empty()) throw CLI::RequiredError("MODEL");
  });
  add_repeatable(verb, "--shapes", model.shapes,
                 "extents of inputs: x:1x3x224x224[,y:1,8], of a symbol: N=8; 'x:scalar' has none; "
                 "the only input needs no name. A first extent that is not given is 1",
                 "SHAPES");
  add_repeatable(verb, "--input", model.inputs,
                 "a tensor for an input: NAME=FILE (.npy, .pb, .npz), FILE.npz for all its names, "
                 "or FILE for the only input",
                 "NAME=FILE");
  add_repeatable(verb, "--loadInputs", model.loads,
                 "files of bare elements for inputs, whose shapes are known: INPUT:FILE[,...]",
                 "INPUT:FILE");
  add_sequence(verb, model);
}

std::vector<std::string> pass_names() {
  std::vector<std::string> names;
  for (const optimizer::PassInfo& pass : optimizer::passes()) names.emplace_back(pass.name);
  return names;
}

// What is wrong with a --passes list; empty when nothing is.
std::string check_passes(const std::string& text) {
  if (text == "none") return "";
  const std::vector<std::string> known = pass_names();
  for (const std::string& name : split(text, ',')) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return "there is no pass '" + name + "'; the passes are " + join(known, ", ");
  }
  return "";
}

void add_check_passes(CLI::App* verb, PlanningFlags& planning) {
  verb->add_flag("--check-passes", planning.check_passes,
                 "compute the model before and after each pass on several made-up sets of inputs; "
                 "an error names a pass that changes a number (slow)");
}

std::string check_windows(const std::string& text) {
  if (text == "none") return "";
  for (const std::string& kind : split(text, ',')) {
    if (kind == "slice" || kind == "split" || kind == "concat") continue;
    return "there are no windows of '" + kind + "'; there are those of slice, split and concat";
  }
  return "";
}

void add_planning(CLI::App* verb, PlanningFlags& planning) {
  verb->add_flag("--no-sharing", planning.no_sharing, "give every tensor bytes of its own");
  verb->add_flag("--keep-order", planning.keep_order,
                 "run nodes in the model's order, not in the one that needs least memory");
  verb->add_option("--passes", planning.passes,
                   "'none' or a list of " + join(pass_names(), ", ") + " (default: all)")
      ->check(check_passes)
      ->type_name("LIST");
  verb->add_option("--windows", planning.windows,
                   "whose tensors may lie inside others instead of being copied: 'none' or a list "
                   "of slice, split, concat (default: all)")
      ->check(check_windows)
      ->type_name("LIST");
  verb->add_option("--alignment", planning.alignment, "bytes, a power of two from 16 to 256")
      ->capture_default_str()
      ->check(silent(CLI::IsMember({16, 32, 64, 128, 256})))
      ->type_name("BYTES");
  verb->add_option(
          "--arena-limit,--memory-limit", planning.arena_limit,
          "bytes that activations may take (64MB, say); else an error that says what is missing")
      ->type_name("BYTES")
      ->transform(bytes());
  verb->add_option("--total-limit", planning.total_limit,
                   "bytes that arena, weights, staging and building may take together; weights are "
                   "then packed smaller where that helps")
      ->type_name("BYTES")
      ->transform(bytes());
  verb->add_option("--workspace", planning.workspace,
                   "bytes that every step may use besides its hole; more lets a GPU run faster")
      ->capture_default_str()
      ->transform(bytes())
      ->type_name("BYTES");
  std::vector<std::string> precisions;
  for (core::Precision precision : core::kPrecisions) {
    precisions.emplace_back(core::precision_name(precision));
  }
  verb->add_option("--precision", planning.precision,
                   "what the model's float32 is stored and multiplied as")
      ->capture_default_str()
      ->check(silent(CLI::IsMember(precisions)))
      ->type_name(join(precisions, "|"));
  for (const char* name : {"fp16", "bf16"}) {
    verb->add_flag_callback(
            std::string("--") + name, [&planning, name] { planning.precision = name; },
            std::string("the same as --precision=") + name)
        ->excludes("--precision");
  }
  verb->get_option("--fp16")->excludes("--bf16");
}

void add_fallback(CLI::App* verb, std::string& fallback) {
  verb->add_option("--fallback", fallback,
                   "cpu: steps that CUDA has no kernel for on the CPU, their tensors copied there "
                   "and back; none: an error that lists them")
      ->capture_default_str()
      ->check(silent(CLI::IsMember({"none", "cpu"})))
      ->type_name("none|cpu");
}

void add_device(CLI::App* verb, DeviceFlags& device) {
  verb->add_option("--device", device.device,
                   "where to compute; auto: cuda if it is there, else cpu, and says why")
      ->capture_default_str()
      ->check(silent(CLI::IsMember({"cpu", "cuda", "auto"})))
      ->type_name("cpu|cuda|auto");
  verb->add_option("--device-index", device.index, "of several CUDA devices")
      ->capture_default_str()
      ->type_name("N");
  std::vector<std::string> sets;
  for (core::InstructionSet set : kInstructionSets) {
    sets.emplace_back(core::instruction_set_name(set));
  }
  verb->add_option(
          "--threads", device.threads,
          "threads of the CPU at most; 0: as MINI_INFER_THREADS, the cgroup or the processors say")
      ->capture_default_str()
      ->type_name("N")
      ->check(in_range(0, 1024));
  verb->add_option("--processors", device.processors, "where its own threads run, a list")
      ->type_name("P,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(in_range(0, 1023));
  verb->add_option("--instructions", device.instructions, "that kernels may use")
      ->capture_default_str()
      ->check(silent(CLI::IsMember(sets)))
      ->type_name(join(sets, "|"));
  verb->add_flag("--no-winograd", device.no_winograd, "compute every convolution directly");
  verb->add_flag("--no-libraries", device.no_libraries,
                 "on CUDA: our own kernels only, without cuBLASLt and cuDNN");
  auto* tune = verb->add_flag(
      "--tune", device.tune,
      "on CUDA: time the ways to compute a step, ours and the libraries', take the fastest");
  verb->add_option("--tuning-file", device.tuning_file, "keeps what was timed for the next time")
      ->needs(tune)
      ->type_name("FILE");
  add_fallback(verb, device.fallback);
}

void add_options(CLI::App* verb, PlanCommand& command) {
  verb->footer(kPlanExamples);
  add_model(verb, command.model);
  add_planning(verb, command.planning);
  add_check_passes(verb, command.planning);
  verb->add_option("--device", command.device,
                   "cpu: with the CPU's kernels and packed weights; none, cuda: the arena only; "
                   "cuda with --device-properties: with a GPU's; any: as cpu where that runs it")
      ->capture_default_str()
      ->check(silent(CLI::IsMember({"any", "none", "cpu", "cuda"})))
      ->type_name("any|none|cpu|cuda");
  std::vector<std::string> sets;
  for (core::InstructionSet set : kInstructionSets) {
    sets.emplace_back(core::instruction_set_name(set));
  }
  verb->add_option("--cpu", command.cpu,
                   "the instructions whose kernels and packed weights to plan for; this machine "
                   "need not have them")
      ->capture_default_str()
      ->check(silent(CLI::IsMember(sets)))
      ->type_name(join(sets, "|"));
  verb->add_option(
          "--device-properties", command.device_properties,
          "of a GPU that need not be here: a file (devices --write-properties), or the "
          "name of a known one (devices); steps then name the kernels they would get there")
      ->type_name("FILE|NAME");
  add_fallback(verb, command.fallback);
  verb->add_flag("--steps", command.steps, "list the steps: what is alive, the hole, the kernel");
  verb->add_option("--certificate", command.certificate,
                   "write what anyone needs to check the plan (mini-infer check)")
      ->each([&command](const std::string&) { command.model.digest = true; })
      ->type_name("FILE");
}

void add_options(CLI::App* verb, RunCommand& command) {
  verb->footer(kRunExamples);
  add_model(verb, command.model);
  add_planning(verb, command.planning);
  add_device(verb, command.device);
  verb->add_option("--output-dir", command.output_dir, "write each output there as NAME.npy")
      ->type_name("DIR");
  verb->add_option("--random", command.seed,
                   "make inputs that are not given, from this seed (default: 0): floats from "
                   "[0, 1), integers and bools 0 or 1")
      ->type_name("[SEED]");
  verb->add_flag("--profile", command.profile, "time every step");
  verb->add_flag("--poison", command.poison, "overwrite all bytes a step must not read (slow)");
}

// A bound that is given says by which criterion.
void add_tolerance(CLI::App* verb, VerifyCommand& command) {
  const auto add_bound = [&](const char* name, double& bound, const char* help) {
    return verb->add_option(name, bound, help)
        ->capture_default_str()
        ->type_name("X")
        ->check(in_range(0));
  };
  auto* rtol = add_bound("--rtol", command.tolerance.rtol, "relative tolerance of float elements");
  auto* atol = add_bound("--atol", command.tolerance.atol, "absolute tolerance of float elements");
  auto* rel_max = add_bound("--rel-max", command.tolerance.rel_max,
                            "of max|difference| / max|reference| of each float output");
  rel_max->excludes(rtol)->excludes(atol);
  const std::map<std::string, Criterion> criteria = {{"elements", Criterion::kElements},
                                                     {"output", Criterion::kOutput}};
  verb->add_option("--criterion", command.criterion,
                   "elements: each one within --rtol and --atol; output: each whole one within "
                   "--rel-max (default: output for models of more than " +
                       std::to_string(kMostElementsByElements) +
                       " weight elements, else elements; or the one of the bound that is given)")
      ->transform(silent(CLI::CheckedTransformer(criteria)))
      ->type_name("elements|output");
  verb->parse_complete_callback([&command, rtol, atol, rel_max] {
    const bool by_elements = rtol->count() + atol->count() > 0, by_output = rel_max->count() > 0;
    if (!by_elements && !by_output) return;
    const Criterion given = by_output ? Criterion::kOutput : Criterion::kElements;
    if (command.criterion.value_or(given) != given) {
      throw CLI::ValidationError("--criterion", by_output ? "output is what --rel-max bounds"
                                                          : "elements are what --rtol and --atol "
                                                            "bound");
    }
    command.criterion = given;
  });
}

void add_options(CLI::App* verb, VerifyCommand& command) {
  verb->footer(kVerifyExamples);
  verb->add_option("DIR", command.folders,
                   "a folder with model.onnx and test_data_set_N, or a parent of such folders")
      ->required()
      ->type_name("");
  add_planning(verb, command.planning);
  add_check_passes(verb, command.planning);
  add_device(verb, command.device);
  add_tolerance(verb, command);
  verb->add_flag("--poison", command.poison, "overwrite all bytes a step must not read (slow)");
}

void add_options(CLI::App* verb, BenchCommand& command) {
  verb->footer(kBenchExamples);
  add_model(verb, command.model);
  add_planning(verb, command.planning);
  add_device(verb, command.device);
  verb->add_option("--iterations", command.iterations,
                   "at least so many runs, however long they take")
      ->type_name("N")
      ->check(in_range(1));
  verb->add_option("--warmUp", command.warm_up_ms, "run so long before measuring")
      ->capture_default_str()
      ->type_name("MS")
      ->check(in_range(0));
  verb->add_option("--duration", command.duration_s, "measure so long, and at least one run")
      ->capture_default_str()
      ->type_name("S")
      ->check(in_range(0));
  verb->add_option("--percentile", command.percentiles, "latency percentiles, a list")
      ->capture_default_str()
      ->type_name("P,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(in_range(0, 100));
  verb->add_option("--random", command.seed, "seed for inputs that are not given")
      ->capture_default_str()
      ->type_name("SEED");
  verb->add_flag("--account", command.account,
                 "on CUDA: count what anybody in the process takes of the device (needs CUPTI)");
  verb->add_flag("--dumpProfile", command.dump_profile, "print the time of every step");
  verb->add_option("--exportProfile", command.export_profile, "write the same as JSON")
      ->type_name("FILE");
  verb->add_option("--exportTimes", command.export_times, "write the time of every run as JSON")
      ->type_name("FILE");
}

void add_options(CLI::App* verb, InspectCommand& command) {
  verb->footer(kInspectExamples);
  add_model(verb, command.model);
  verb->add_flag("--nodes", command.nodes, "list the nodes");
  auto* after = verb->add_option("--after", command.after, "the graph after an optimiser pass");
  verb->add_flag("--each-pass", command.each_pass, "the graph after each optimiser pass")
      ->excludes(after);
  after->type_name("PASS");
}

void add_options(CLI::App* verb, SolveCommand& command) {
  verb->footer(kSolveExamples);
  verb->add_option("FILE", command.path, "buffers as .csv or .json")->required()->type_name("");
  verb->add_option("--output", command.output, "write the buffers and their offsets there")
      ->type_name("FILE");
  verb->add_option("--capacity", command.capacity, "end at the first plan of so many bytes")
      ->type_name("BYTES")
      ->transform(bytes());
  auto* nodes =
      verb->add_option("--nodes", command.nodes, "search nodes to spend; 0: greedy planners only")
          ->capture_default_str()
          ->type_name("N")
          ->check(in_range(0));
  auto* time = verb->add_option("--time", command.seconds,
                                "search so long instead; the answer depends on the machine")
                   ->type_name("S")
                   ->check(in_range(0, 1e9))
                   ->excludes(nodes);
  verb->add_option("--threads", command.threads, "to search with, each for itself")
      ->capture_default_str()
      ->type_name("N")
      ->check(in_range(1, 1024))
      ->needs(time);
}

void add_options(CLI::App* verb, CheckCommand& command) {
  verb->footer(kCheckExamples);
  verb->add_option("FILE", command.path, "a certificate")->required()->type_name("");
  add_repeatable(verb, "--model", command.models,
                 "the model that it must be of; of several in sequence, each", "FILE");
  verb->add_flag("--search", command.search,
                 "repeat the searches that claims rest on: as long as planning, or longer");
}

void add_options(CLI::App* verb, DevicesCommand& command) {
  verb->footer(kDevicesExamples);
  auto* file = verb->add_option("--write-properties", command.write_properties,
                                "write what is known of a CUDA device of this machine, for plan "
                                "--device-properties on another one")
                   ->type_name("FILE");
  verb->add_option("--device-index", command.index, "of several CUDA devices")
      ->capture_default_str()
      ->type_name("N")
      ->needs(file);
}

template <typename Command>
void add_verb(CLI::App& app, const char* name, const char* summary, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand(name, summary);
  auto command = std::make_shared<Command>();
  add_options(verb, *command);
  verb->add_flag("--json", command->json, "print JSON (src/report/README.md)");
  verb->add_flag("-v,--verbose", invocation.verbosity, "log what happens; twice for more");
  verb->callback(
      [command, &invocation] { invocation.execute = [command] { return execute(*command); }; });
}

void add_verbs(CLI::App& app, Invocation& invocation) {
  add_verb<PlanCommand>(app, "plan", "how much memory a model needs, and why", invocation);
  add_verb<RunCommand>(app, "run", "run a model on tensors from files", invocation);
  add_verb<VerifyCommand>(app, "verify", "compare with reference outputs", invocation);
  add_verb<BenchCommand>(app, "bench", "measure latency, throughput and memory", invocation);
  add_verb<InspectCommand>(app, "inspect", "what is in a model", invocation);
  add_verb<SolveCommand>(app, "solve", "place buffers of a file in the least memory", invocation);
  add_verb<CheckCommand>(app, "check", "whether a plan's certificate holds", invocation);
  add_verb<DevicesCommand>(app, "devices", "which devices are here, and which are known",
                           invocation);
}

// The words that may stand where `word` does: the verb's flags, or the verbs.
std::vector<std::string> known_words(const CLI::App& app, const CLI::App* verb) {
  std::vector<std::string> words;
  if (verb == nullptr) {
    for (const CLI::App* known : app.get_subcommands({})) words.push_back(known->get_name());
    return words;
  }
  for (const CLI::Option* option : verb->get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

// ", did you mean '--shapes'?" of the first word that was not understood; empty if none is near.
std::string suggestion(const CLI::App& app, const CLI::App* verb) {
  for (std::string word : app.remaining(true)) {
    if (verb != nullptr && !word.starts_with("--")) continue;
    word = word.substr(0, word.find('='));
    const auto near = nearest(word, known_words(app, verb));
    if (near) return ", did you mean '" + *near + "'?";
  }
  return "";
}

// What is wrong, and where the help is.
core::Status usage_error(const CLI::App& app, const std::string& what) {
  const auto chosen = app.get_subcommands();
  const CLI::App* verb = chosen.empty() ? nullptr : chosen.front();
  return {core::Status::ERROR_INVALID_ARGUMENT,
          what + suggestion(app, verb) + " (see 'mini-infer " +
              (verb == nullptr ? "" : verb->get_name() + " ") + "--help')"};
}

// A seed need not follow --random: what follows may be another word.
std::vector<std::string> with_seeds(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--random") continue;
    const bool number = i + 1 < words.size() && !words[i + 1].empty() &&
                        words[i + 1].find_first_not_of("0123456789") == std::string::npos;
    if (!number) words[i] += "=0";
  }
  return words;
}

}  // namespace

core::Result<std::variant<Invocation, ExitCode>> parse_command_line(int argc, char** argv) {
  using Parsed = std::variant<Invocation, ExitCode>;
  CLI::App app("Plans a neural network's memory before anything is allocated, and runs inside it.",
               "mini-infer");
  app.set_version_flag("--version", "mini-infer " MINI_INFER_VERSION);
  app.footer(kExamples);
  Invocation invocation;
  add_verbs(app, invocation);
  try {
    std::vector<std::string> words = with_seeds(argc, argv);
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return Parsed(ExitCode::kOk);
    }
    return usage_error(app, error.what());
  }
  if (!invocation.execute) {
    return usage_error(
        app, "no verb: expected plan, run, verify, bench, inspect, solve, check or devices");
  }
  return Parsed(std::move(invocation));
}

}  // namespace mini_infer::cli
