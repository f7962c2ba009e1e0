#include "cli/buffer_csv.h"

#include <algorithm>
#include <optional>

#include "cli/buffer_fields.h"
#include "core/try.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using std::to_string;

Status wrong(const std::string& what) { return {Status::ERROR_INVALID_ARGUMENT, what}; }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    fields.push_back(trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return fields;
}

using Columns = std::vector<FieldName>;

bool has(const Columns& columns, BufferField field) {
  return std::any_of(columns.begin(), columns.end(),
                     [field](const FieldName& column) { return column.field == field; });
}

core::Result<Columns> parse_header(std::string_view line) {
  Columns columns;
  for (std::string_view name : fields_of(line)) {
    const auto column = field_name(name);
    if (!column) {
      return wrong("there is no column '" + std::string(name) +
                   "'; columns are id, lower, upper, size, alignment, offset");
    }
    if (has(columns, column->field)) {
      return wrong("column '" + std::string(name) + "' is there twice");
    }
    columns.push_back(*column);
  }
  for (BufferField needed :
       {BufferField::kId, BufferField::kLower, BufferField::kUpper, BufferField::kSize}) {
    if (has(columns, needed)) continue;
    return wrong("column '" + std::string(name_of(needed)) +
                 "' is missing; the first line names the columns: id,lower,upper,size");
  }
  return columns;
}

Status parse_row(std::string_view line, const Columns& columns, BufferFile& file) {
  const std::vector<std::string_view> texts = fields_of(line);
  if (texts.size() != columns.size()) {
    return wrong("expected " + to_string(columns.size()) + " fields, as in the header, found " +
                 to_string(texts.size()));
  }
  BufferFields fields;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const BufferField field = columns[i].field;
    if (field == BufferField::kId) {
      if (texts[i].empty()) return wrong("column 'id': expected a name, found nothing");
      file.ids.emplace_back(texts[i]);
      continue;
    }
    const bool optional = field == BufferField::kAlignment || field == BufferField::kOffset;
    if (optional && texts[i].empty()) continue;
    const auto value = whole_number(texts[i]);
    if (!value.ok()) {
      return value.status().with_context("column '" + std::string(name_of(field)) + "'");
    }
    fields.set(columns[i], *value);
  }
  MI_ASSIGN(planner::Buffer buffer, to_buffer(fields));
  file.problem.buffers.push_back(buffer);
  return Status::SUCCESS;
}

}  // namespace

Status parse_csv(std::string_view text, BufferFile& file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::optional<Columns> columns;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    const std::string where = file.path + ":" + to_string(number);
    if (!columns) {
      auto parsed = parse_header(line);
      if (!parsed.ok()) return parsed.status().with_context(where);
      columns = std::move(*parsed);
      continue;
    }
    MI_TRY(parse_row(line, *columns, file).with_context(where));
    file.rows.push_back(number);
  }
  if (columns) return Status::SUCCESS;
  return wrong(file.path +
               ": the file is empty; its first line names the columns: "
               "id,lower,upper,size");
}

std::string to_csv(const BufferFile& file, const std::vector<std::int64_t>& offsets) {
  const std::vector<planner::Buffer>& buffers = file.problem.buffers;
  const bool aligned = std::any_of(buffers.begin(), buffers.end(),
                                   [](const auto& buffer) { return buffer.alignment != 1; });
  std::string text =
      aligned ? "id,lower,upper,size,alignment,offset\n" : "id,lower,upper,size,offset\n";
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    text += file.ids[i] + "," + to_string(buffers[i].first) + "," +
            to_string(std::int64_t{buffers[i].last} + 1) + "," + to_string(buffers[i].size) + ",";
    if (aligned) text += to_string(buffers[i].alignment) + ",";
    text += to_string(offsets[i]) + "\n";
  }
  return text;
}

}  // namespace mini_infer::cli
