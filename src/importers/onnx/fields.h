#pragma once

#include <cstdint>

// Field numbers of onnx.proto, one namespace per message. Fields we do not read are not listed.
namespace mini_infer::importers::fields {

namespace model {
enum Field : std::uint32_t { kIrVersion = 1, kGraph = 7, kOpsetImport = 8, kFunctions = 25 };
}
namespace opset {
enum Field : std::uint32_t { kDomain = 1, kVersion = 2 };
}
namespace function {
enum Field : std::uint32_t { kName = 1, kDomain = 10 };
}
namespace graph {
enum Field : std::uint32_t {
  kNode = 1,
  kName = 2,
  kInitializer = 5,
  kInput = 11,
  kOutput = 12,
  kSparseInitializer = 15,
};
}
namespace node {
enum Field : std::uint32_t {
  kInput = 1,
  kOutput = 2,
  kName = 3,
  kOpType = 4,
  kAttribute = 5,
  kDomain = 7,
};
}
namespace attribute {
enum Field : std::uint32_t {
  kName = 1,
  kFloat = 2,
  kInt = 3,
  kString = 4,
  kTensor = 5,
  kGraph = 6,
  kFloats = 7,
  kInts = 8,
  kStrings = 9,
  kTensors = 10,
  kGraphs = 11,
  kDocString = 13,
  kTypeProto = 14,
  kTypeProtos = 15,
  kType = 20,
  kRefAttrName = 21,
  kSparseTensor = 22,
  kSparseTensors = 23,
};
}
namespace tensor {
enum Field : std::uint32_t {
  kDims = 1,
  kDataType = 2,
  kSegment = 3,
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kName = 8,
  kRawData = 9,
  kDoubleData = 10,
  kUint64Data = 11,
  kExternalData = 13,
  kDataLocation = 14,
};
}
namespace sparse_tensor {
enum Field : std::uint32_t { kValues = 1, kIndices = 2, kDims = 3 };
}
namespace entry {  // StringStringEntryProto
enum Field : std::uint32_t { kKey = 1, kValue = 2 };
}
namespace value_info {
enum Field : std::uint32_t { kName = 1, kType = 2 };
}
namespace type {
enum Field : std::uint32_t {
  kTensor = 1,
  kSequence = 4,
  kMap = 5,
  kOpaque = 7,
  kSparseTensor = 8,
  kOptional = 9,
};
}
namespace tensor_type {  // TypeProto.Tensor and TypeProto.SparseTensor
enum Field : std::uint32_t { kElemType = 1, kShape = 2 };
}
namespace element_type {  // TypeProto.Sequence and TypeProto.Optional
enum Field : std::uint32_t { kElemType = 1 };
}
namespace map_type {
enum Field : std::uint32_t { kKeyType = 1, kValueType = 2 };
}
namespace shape {
enum Field : std::uint32_t { kDim = 1 };
}
namespace dimension {
enum Field : std::uint32_t { kValue = 1, kParam = 2 };
}

}  // namespace mini_infer::importers::fields
