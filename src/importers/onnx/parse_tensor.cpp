#include "importers/onnx/fields.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using protozero::pbf_wire_type;

core::Result<TensorMessage::Entry> parse_entry(std::string_view bytes) {
  TensorMessage::Entry entry;
  MI_TRY(read_fields("StringStringEntryProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::entry::kKey:
        entry.first = field.get_bytes();
        break;
      case fields::entry::kValue:
        entry.second = field.get_bytes();
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return entry;
}

void add_piece(FieldReader& field, pbf_wire_type element, TensorMessage& tensor) {
  const std::uint32_t tag = field.tag();
  tensor.pieces.push_back({tag, field.get_repeated(element)});
}

}  // namespace

core::Result<TensorMessage> parse_tensor(std::string_view bytes) {
  TensorMessage tensor;
  MI_TRY(read_fields("TensorProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::tensor::kDims:
        field.append_ints(tensor.dims);
        break;
      case fields::tensor::kDataType:
        tensor.data_type = field.get_int();
        break;
      case fields::tensor::kSegment:
        tensor.has_segment = true;
        field.skip();
        break;
      case fields::tensor::kName:
        tensor.name = field.get_bytes();
        break;
      case fields::tensor::kRawData:
        tensor.raw = field.get_bytes();
        break;
      case fields::tensor::kFloatData:
        add_piece(field, pbf_wire_type::fixed32, tensor);
        break;
      case fields::tensor::kDoubleData:
        add_piece(field, pbf_wire_type::fixed64, tensor);
        break;
      case fields::tensor::kInt32Data:
      case fields::tensor::kInt64Data:
      case fields::tensor::kUint64Data:
        add_piece(field, pbf_wire_type::varint, tensor);
        break;
      case fields::tensor::kExternalData:
        return append(tensor.external_data, "external data entry", parse_entry(field.get_bytes()));
      case fields::tensor::kDataLocation:
        tensor.is_external = field.get_int() != 0;
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return tensor;
}

core::Result<SparseTensorMessage> parse_sparse_tensor(std::string_view bytes) {
  SparseTensorMessage sparse;
  MI_TRY(read_fields("SparseTensorProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::sparse_tensor::kValues: {
        MI_ASSIGN(sparse.values, parse_tensor(field.get_bytes()));
        break;
      }
      case fields::sparse_tensor::kIndices: {
        MI_ASSIGN(sparse.indices, parse_tensor(field.get_bytes()));
        break;
      }
      case fields::sparse_tensor::kDims:
        field.append_ints(sparse.dims);
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return sparse;
}

}  // namespace mini_infer::importers
