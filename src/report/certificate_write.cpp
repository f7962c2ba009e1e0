#include "core/fnv1a.h"
#include "report/certificate_form.h"
#include "report/json.h"
#include "report/plan_json.h"

namespace mini_infer::report {
namespace {

using judge::Statement;
using judge::Storage;

Json pair(std::int64_t first, std::int64_t second) { return Json::array().add(first).add(second); }

Json models(const std::vector<importers::ModelDigest>& models) {
  Json list = Json::array();
  for (const importers::ModelDigest& model : models) {
    Json files = Json::array();
    for (const importers::FileDigest& file : model.files) {
      files.add(Json::object().set("name", file.name).set("sha256", file.sha256));
    }
    list.add(Json::object().set("name", model.name).set("files", files));
  }
  return list;
}

Json values(const Statement& statement) {
  Json list = Json::array();
  for (const judge::Value& value : statement.values) {
    list.add(Json::object()
                 .set("name", value.name)
                 .set("bytes", value.bytes)
                 .set("row_bytes", value.row_bytes));
  }
  return list;
}

Json aliases(const std::vector<judge::Alias>& aliases) {
  Json list = Json::array();
  for (const judge::Alias& alias : aliases) list.add(pair(alias.output, alias.input));
  return list;
}

Json windows(const std::vector<judge::Window>& windows) {
  Json list = Json::array();
  for (const judge::Window& window : windows) {
    list.add(Json::object()
                 .set("output", window.output)
                 .set("input", window.input)
                 .set("of_output", window.of_output)
                 .set("row", window.row)
                 .set("column", window.column));
  }
  return list;
}

Json parts(const std::vector<judge::Part>& parts) {
  Json list = Json::array();
  for (const judge::Part& part : parts) {
    list.add(Json::object()
                 .set("value", part.value)
                 .set("offset", part.offset)
                 .set("row_bytes", part.row_bytes)
                 .set("pitch", part.pitch));
  }
  return list;
}

Json steps(const Statement& statement) {
  Json list = Json::array();
  for (const judge::Step& step : statement.steps) {
    Json inputs = Json::array();
    Json unread = Json::array();
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      inputs.add(step.inputs[i].value);
      if (!step.inputs[i].read) unread.add(i);
    }
    list.add(Json::object()
                 .set("node", step.node)
                 .set("inputs", inputs)
                 .set("unread", unread)
                 .set("outputs", json_array(step.outputs))
                 .set("views", aliases(step.views))
                 .set("overwrites", aliases(step.overwrites))
                 .set("windows", windows(step.windows))
                 .set("elementwise", step.elementwise)
                 .set("hole", pair(step.hole_offset, step.hole_bytes)));
  }
  return list;
}

Json storages(const std::vector<Storage>& storages) {
  Json list = Json::array();
  for (const Storage& storage : storages) {
    list.add(Json::object()
                 .set("name", storage.name)
                 .set("kind", storage_kind_name(storage.kind))
                 .set("values", json_array(storage.values))
                 .set("parts", parts(storage.parts))
                 .set("offset", storage.offset)
                 .set("bytes", storage.bytes)
                 .set("steps", pair(storage.first_step, storage.last_step)));
  }
  return list;
}

Json claims(const judge::Claims& claims) {
  return Json::object()
      .set("arena_bytes", claims.arena_bytes)
      .set("lower_bound_bytes", claims.lower_bound)
      .set("peak_step", claims.peak_step)
      .set("offsets_proof", proof_name(claims.offsets_proof))
      .set("order_bound_bytes", claims.order_bound)
      .set("order_proof", proof_name(claims.order_proof));
}

class Hash {
 public:
  void number(std::int64_t number) { hash_.add(static_cast<std::uint64_t>(number)); }
  void text(std::string_view text) { hash_.add(text); }

  template <typename Range, typename Each>
  void list(const Range& range, Each each) {
    number(static_cast<std::int64_t>(range.size()));
    for (const auto& item : range) each(item);
  }
  void numbers(const std::vector<int>& list) {
    this->list(list, [this](int item) { number(item); });
  }
  void aliases(const std::vector<judge::Alias>& list) {
    this->list(list, [this](const judge::Alias& alias) {
      number(alias.output);
      number(alias.input);
    });
  }
  void model(const importers::ModelDigest& model) {
    text(model.name);
    list(model.files, [this](const importers::FileDigest& file) {
      text(file.name);
      text(file.sha256);
    });
  }
  void step(const judge::Step& step) {
    text(step.node);
    list(step.inputs, [this](const judge::Input& input) {
      number(input.value);
      number(input.read ? 1 : 0);
    });
    numbers(step.outputs);
    aliases(step.views);
    aliases(step.overwrites);
    list(step.windows, [this](const judge::Window& window) {
      for (const int each : {window.output, window.input, window.of_output ? 1 : 0}) number(each);
      for (const std::int64_t each : {window.row, window.column}) number(each);
    });
    number(step.elementwise ? 1 : 0);
    number(step.hole_offset);
    number(step.hole_bytes);
  }
  void storage(const Storage& storage) {
    text(storage.name);
    number(static_cast<std::int64_t>(storage.kind));
    numbers(storage.values);
    list(storage.parts, [this](const judge::Part& part) {
      number(part.value);
      for (const std::int64_t each : {part.offset, part.row_bytes, part.pitch}) number(each);
    });
    for (const std::int64_t each : {storage.offset, storage.bytes}) number(each);
    for (const int each : {storage.first_step, storage.last_step}) number(each);
  }
  void claims(const judge::Claims& claims) {
    number(claims.arena_bytes);
    number(claims.lower_bound);
    number(claims.peak_step);
    number(static_cast<std::int64_t>(claims.offsets_proof));
    number(claims.order_bound);
    number(static_cast<std::int64_t>(claims.order_proof));
  }
  std::string hex() const { return hash_.hex(); }

 private:
  core::Fnv1a hash_;
};

}  // namespace

const char* storage_kind_name(judge::StorageKind kind) {
  switch (kind) {
    case judge::StorageKind::kTensor:
      return "tensor";
    case judge::StorageKind::kWorkspace:
      return "workspace";
    case judge::StorageKind::kScratch:
      return "scratch";
  }
  return "tensor";
}

std::string certificate_hash(const Certificate& certificate) {
  const Statement& statement = certificate.statement;
  Hash hash;
  hash.text(certificate.plan_hash);
  hash.list(certificate.models, [&](const importers::ModelDigest& model) { hash.model(model); });
  hash.number(statement.alignment);
  hash.number(statement.keeps_inputs ? 1 : 0);
  hash.list(statement.values, [&](const judge::Value& value) {
    hash.text(value.name);
    hash.number(value.bytes);
    hash.number(value.row_bytes);
  });
  hash.numbers(statement.inputs);
  hash.numbers(statement.outputs);
  hash.list(statement.steps, [&](const judge::Step& step) { hash.step(step); });
  hash.list(statement.arena, [&](const Storage& storage) { hash.storage(storage); });
  hash.list(statement.callers, [&](const Storage& storage) { hash.storage(storage); });
  hash.claims(statement.claims);
  return hash.hex();
}

std::string write_certificate(const Certificate& certificate) {
  const Statement& statement = certificate.statement;
  return Json::object()
      .set("schema", "mini-infer.certificate")
      .set("version", 3)
      .set("hash", certificate_hash(certificate))
      .set("plan_hash", certificate.plan_hash)
      .set("models", models(certificate.models))
      .set("claims", claims(statement.claims))
      .set("alignment", statement.alignment)
      .set("keeps_inputs", statement.keeps_inputs)
      .set("values", values(statement))
      .set("inputs", json_array(statement.inputs))
      .set("outputs", json_array(statement.outputs))
      .set("steps", steps(statement))
      .set("arena", storages(statement.arena))
      .set("callers", storages(statement.callers))
      .dump();
}

}  // namespace mini_infer::report
