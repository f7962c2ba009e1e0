#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/try.h"
#include "report/certificate_form.h"
#include "report/plan_json.h"

namespace mini_infer::report {
namespace {

using core::Result;
using core::Status;
using judge::Statement;
using nlohmann::json;

// So that no sum of two leaves 64 bits; and what all values hold, and all storages, is less.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;
constexpr std::int64_t kMostCount = std::int64_t{1} << 30;
// Judges look at every combination of a step's.
constexpr std::size_t kMostAliases = 8;

Status wrong(const std::string& where, const std::string& expected, const json& found) {
  constexpr std::size_t kLongest = 60;
  std::string text = found.is_structured() ? found.type_name() : found.dump(-1, ' ', true);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return {Status::ERROR_INVALID_ARGUMENT, where + ": expected " + expected + ", found " + text};
}

// A part of the document, and how to call it in an error.
class Part {
 public:
  Part(const json& data, std::string where) : data_(data), where_(std::move(where)) {}

  Status wrong(const std::string& expected) const { return report::wrong(where_, expected, data_); }

  // Nothing but these keys, and all of them.
  Status check_keys(std::initializer_list<const char*> keys) const {
    if (!data_.is_object()) return wrong("an object");
    for (const char* key : keys) {
      if (data_.contains(key)) continue;
      return {Status::ERROR_INVALID_ARGUMENT, where_ + ": key '" + key + "' is missing"};
    }
    for (const auto& [key, value] : data_.items()) {
      const bool known = std::any_of(keys.begin(), keys.end(),
                                     [&key = key](const char* other) { return key == other; });
      if (known) continue;
      return {Status::ERROR_INVALID_ARGUMENT, where_ + ": there is no key '" + key + "'"};
    }
    return Status::SUCCESS;
  }

  Part operator[](const char* key) const { return {data_.at(key), where_ + "." + key}; }

  Result<std::string> text() const {
    if (!data_.is_string()) return wrong("a text");
    return data_.get<std::string>();
  }
  Result<bool> flag() const {
    if (!data_.is_boolean()) return wrong("true or false");
    return data_.get<bool>();
  }
  // So many hex digits, small letters.
  Result<std::string> digits(std::size_t count) const {
    MI_ASSIGN(const std::string found, text());
    const bool fits =
        found.size() == count && found.find_first_not_of("0123456789abcdef") == std::string::npos;
    return fits ? found : Result<std::string>(wrong(std::to_string(count) + " hex digits"));
  }
  // From 0 to below `end`.
  Result<std::int64_t> number(std::int64_t end = kMostBytes) const {
    const bool fits =
        data_.is_number_unsigned() && data_.get<std::uint64_t>() < static_cast<std::uint64_t>(end);
    if (!fits) return wrong("a whole number from 0 to " + std::to_string(end - 1));
    return data_.get<std::int64_t>();
  }
  Result<int> index(std::size_t count) const {
    MI_ASSIGN(const std::int64_t number, number(static_cast<std::int64_t>(count)));
    return static_cast<int>(number);
  }

  // each(part) -> Status of every item of a list.
  template <typename Each>
  Status list(Each each) const {
    if (!data_.is_array()) return wrong("a list");
    if (data_.size() >= std::size_t{kMostCount}) return wrong("a shorter list");
    for (std::size_t i = 0; i < data_.size(); ++i) {
      MI_TRY(each(Part(data_[i], where_ + "[" + std::to_string(i) + "]")));
    }
    return Status::SUCCESS;
  }
  Result<std::vector<int>> indices(std::size_t count) const {
    std::vector<int> all;
    MI_TRY(list([&](const Part& item) -> Status {
      MI_ASSIGN(const int index, item.index(count));
      all.push_back(index);
      return Status::SUCCESS;
    }));
    return all;
  }
  // Two numbers, below these.
  Result<std::array<std::int64_t, 2>> pair(std::int64_t first_end, std::int64_t second_end) const {
    if (!data_.is_array() || data_.size() != 2) return wrong("a list of two numbers");
    std::array<std::int64_t, 2> both = {};
    MI_ASSIGN(both[0], Part(data_[0], where_ + "[0]").number(first_end));
    MI_ASSIGN(both[1], Part(data_[1], where_ + "[1]").number(second_end));
    return both;
  }

  // The one of `options` whose name(option) the text is.
  template <typename Option, std::size_t kCount, typename Name>
  Result<Option> one_of(const std::array<Option, kCount>& options, Name name) const {
    std::string expected = "one of";
    for (const Option& option : options) {
      if (data_.is_string() && data_.get<std::string>() == name(option)) return option;
      expected.append(" ").append(name(option));
    }
    return wrong(expected);
  }

 private:
  const json& data_;
  std::string where_;
};

Status add_file(const Part& part, importers::ModelDigest& model) {
  importers::FileDigest file;
  MI_TRY(part.check_keys({"name", "sha256"}));
  MI_ASSIGN(file.name, part["name"].text());
  MI_ASSIGN(file.sha256, part["sha256"].digits(64));
  model.files.push_back(std::move(file));
  return Status::SUCCESS;
}

Status add_model(const Part& part, std::vector<importers::ModelDigest>& models) {
  importers::ModelDigest model;
  MI_TRY(part.check_keys({"name", "files"}));
  MI_ASSIGN(model.name, part["name"].text());
  MI_TRY(part["files"].list([&](const Part& file) { return add_file(file, model); }));
  if (model.files.empty()) return part["files"].wrong("at least the model's own file");
  models.push_back(std::move(model));
  return Status::SUCCESS;
}

class StatementParser {
 public:
  Result<Statement> parse(const Part& all) {
    MI_ASSIGN(statement_.alignment, all["alignment"].number(kMostCount));
    const std::int64_t alignment = statement_.alignment;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
      return all["alignment"].wrong("a power of two");
    }
    MI_ASSIGN(statement_.keeps_inputs, all["keeps_inputs"].flag());
    MI_TRY(all["values"].list([&](const Part& part) { return add_value(part); }));
    MI_ASSIGN(statement_.inputs, all["inputs"].indices(statement_.values.size()));
    MI_ASSIGN(statement_.outputs, all["outputs"].indices(statement_.values.size()));
    MI_TRY(all["steps"].list([&](const Part& part) { return add_step(part); }));
    MI_TRY(all["arena"].list([&](const Part& part) { return add(part, statement_.arena); }));
    MI_TRY(all["callers"].list([&](const Part& part) { return add(part, statement_.callers); }));
    MI_TRY(add_claims(all["claims"]));
    return std::move(statement_);
  }

 private:
  std::size_t step_count() const { return std::max<std::size_t>(1, statement_.steps.size()); }

  Status add_value(const Part& part) {
    judge::Value value;
    MI_TRY(part.check_keys({"name", "bytes", "row_bytes"}));
    MI_ASSIGN(value.name, part["name"].text());
    MI_ASSIGN(value.bytes, sum_up(part["bytes"], 1, value_bytes_));
    MI_ASSIGN(value.row_bytes, part["row_bytes"].number(value.bytes + 1));
    if (value.row_bytes == 0 ? value.bytes != 0 : value.bytes % value.row_bytes != 0) {
      return part["row_bytes"].wrong("a number that divides the value's " +
                                     std::to_string(value.bytes) + " bytes");
    }
    statement_.values.push_back(std::move(value));
    return Status::SUCCESS;
  }

  Status add_step(const Part& part) {
    judge::Step step;
    MI_TRY(part.check_keys({"node", "inputs", "unread", "outputs", "views", "overwrites", "windows",
                            "elementwise", "hole"}));
    MI_ASSIGN(step.node, part["node"].text());
    MI_ASSIGN(const std::vector<int> inputs, part["inputs"].indices(statement_.values.size()));
    for (const int input : inputs) step.inputs.push_back({.value = input, .read = true});
    MI_ASSIGN(const std::vector<int> unread, part["unread"].indices(inputs.size()));
    for (const int place : unread) step.inputs[static_cast<std::size_t>(place)].read = false;
    MI_ASSIGN(step.outputs, part["outputs"].indices(statement_.values.size()));
    MI_TRY(add_aliases(part["views"], step, step.views));
    MI_TRY(add_aliases(part["overwrites"], step, step.overwrites));
    MI_TRY(part["windows"].list([&](const Part& item) { return add_window(item, step); }));
    MI_ASSIGN(step.elementwise, part["elementwise"].flag());
    MI_ASSIGN(const auto hole, part["hole"].pair(kMostBytes, kMostBytes));
    step.hole_offset = hole[0];
    step.hole_bytes = hole[1];
    statement_.steps.push_back(std::move(step));
    return Status::SUCCESS;
  }

  static Status add_aliases(const Part& part, const judge::Step& step,
                            std::vector<judge::Alias>& aliases) {
    return part.list([&](const Part& item) -> Status {
      if (aliases.size() == kMostAliases) return part.wrong("at most 8 pairs");
      MI_ASSIGN(const auto places, item.pair(static_cast<std::int64_t>(step.outputs.size()),
                                             static_cast<std::int64_t>(step.inputs.size())));
      aliases.push_back({static_cast<int>(places[0]), static_cast<int>(places[1])});
      return Status::SUCCESS;
    });
  }

  static Status add_window(const Part& part, judge::Step& step) {
    judge::Window window;
    MI_TRY(part.check_keys({"output", "input", "of_output", "row", "column"}));
    MI_ASSIGN(window.output, part["output"].index(step.outputs.size()));
    MI_ASSIGN(window.input, part["input"].index(step.inputs.size()));
    MI_ASSIGN(window.of_output, part["of_output"].flag());
    MI_ASSIGN(window.row, part["row"].number());
    MI_ASSIGN(window.column, part["column"].number());
    step.windows.push_back(window);
    return Status::SUCCESS;
  }

  Status add_part(const Part& part, judge::Storage& storage) {
    judge::Part inside;
    MI_TRY(part.check_keys({"value", "offset", "row_bytes", "pitch"}));
    MI_ASSIGN(inside.value, part["value"].index(statement_.values.size()));
    MI_ASSIGN(inside.offset, part["offset"].number(storage.bytes + 1));
    MI_ASSIGN(inside.row_bytes, part["row_bytes"].number(storage.bytes + 1));
    MI_ASSIGN(inside.pitch, part["pitch"].number(storage.bytes + 1));
    storage.parts.push_back(inside);
    return Status::SUCCESS;
  }

  Status add(const Part& part, std::vector<judge::Storage>& storages) {
    using Kind = judge::StorageKind;
    judge::Storage storage;
    MI_TRY(part.check_keys({"name", "kind", "values", "parts", "offset", "bytes", "steps"}));
    MI_ASSIGN(storage.name, part["name"].text());
    MI_ASSIGN(storage.kind,
              part["kind"].one_of(std::array{Kind::kTensor, Kind::kWorkspace, Kind::kScratch},
                                  storage_kind_name));
    MI_ASSIGN(storage.values, part["values"].indices(statement_.values.size()));
    MI_ASSIGN(storage.offset, part["offset"].number());
    MI_ASSIGN(storage.bytes, sum_up(part["bytes"], statement_.alignment, storage_bytes_));
    MI_TRY(part["parts"].list([&](const Part& item) { return add_part(item, storage); }));
    const auto steps = static_cast<std::int64_t>(step_count());
    MI_ASSIGN(const auto lifetime, part["steps"].pair(steps, steps));
    storage.first_step = static_cast<int>(lifetime[0]);
    storage.last_step = static_cast<int>(lifetime[1]);
    if (storage.first_step > storage.last_step) {
      return part["steps"].wrong("the first step before the last one");
    }
    storages.push_back(std::move(storage));
    return Status::SUCCESS;
  }

  Status add_claims(const Part& part) {
    using planner::Proof;
    constexpr std::array kProofs = {Proof::kNone, Proof::kByBound, Proof::kBySearch};
    judge::Claims& claims = statement_.claims;
    MI_TRY(part.check_keys({"arena_bytes", "lower_bound_bytes", "peak_step", "offsets_proof",
                            "order_bound_bytes", "order_proof"}));
    MI_ASSIGN(claims.arena_bytes, part["arena_bytes"].number());
    MI_ASSIGN(claims.lower_bound, part["lower_bound_bytes"].number());
    MI_ASSIGN(claims.peak_step, part["peak_step"].index(step_count()));
    MI_ASSIGN(claims.offsets_proof, part["offsets_proof"].one_of(kProofs, proof_name));
    MI_ASSIGN(claims.order_bound, part["order_bound_bytes"].number());
    MI_ASSIGN(claims.order_proof, part["order_proof"].one_of(kProofs, proof_name));
    return Status::SUCCESS;
  }

  // A number of bytes, which all others of its kind together, each rounded up, leave in range.
  static Result<std::int64_t> sum_up(const Part& part, std::int64_t alignment, std::int64_t& sum) {
    const std::int64_t left = kMostBytes - sum - (alignment - 1);
    if (left <= 0) return part.wrong("fewer bytes in all");
    MI_ASSIGN(const std::int64_t bytes, part.number(left));
    sum += bytes + (alignment - 1);
    return bytes;
  }

  Statement statement_;
  std::int64_t value_bytes_ = 0;
  std::int64_t storage_bytes_ = 0;
};

Result<Certificate> parse(const Part& all) {
  Certificate certificate;
  MI_TRY(
      all.check_keys({"schema", "version", "hash", "plan_hash", "models", "claims", "alignment",
                      "keeps_inputs", "values", "inputs", "outputs", "steps", "arena", "callers"}));
  MI_ASSIGN(const std::int64_t version, all["version"].number());
  if (version != 3) return all["version"].wrong("3");
  MI_ASSIGN(certificate.plan_hash, all["plan_hash"].digits(16));
  MI_TRY(all["models"].list([&](const Part& part) { return add_model(part, certificate.models); }));
  MI_ASSIGN(certificate.statement, StatementParser().parse(all));
  return certificate;
}

}  // namespace

Result<Certificate> parse_certificate(std::string_view text) try {
  const json document = json::parse(text);
  const bool ours = document.is_object() && document.contains("schema") &&
                    document.at("schema") == "mini-infer.certificate";
  if (!ours) {
    return Status(Status::ERROR_INVALID_ARGUMENT,
                  "not a certificate: expected an object whose 'schema' is "
                  "\"mini-infer.certificate\", as report::certificate_to_json writes it");
  }
  const Part all(document, "certificate");
  MI_ASSIGN(Certificate certificate, parse(all));
  MI_ASSIGN(const std::string stated, all["hash"].digits(16));
  const std::string hash = certificate_hash(certificate);
  if (stated != hash) {
    return Status(
        Status::ERROR_INVALID_ARGUMENT,
        "the certificate is damaged: it states the hash " + stated + ", its content has " + hash);
  }
  return certificate;
} catch (const json::parse_error& error) {
  return Status(Status::ERROR_INVALID_ARGUMENT,
                "not a certificate: it is no JSON from byte " + std::to_string(error.byte) + " on");
} catch (const json::exception&) {
  return Status(Status::ERROR_INVALID_ARGUMENT,
                "not a certificate: a number in it is out of range");
}

}  // namespace mini_infer::report
