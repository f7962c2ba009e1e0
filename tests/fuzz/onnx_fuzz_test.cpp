#include <gtest/gtest.h>

#include <random>
#include <string>

#include "importers/import_bytes.h"

// Damaged models. Whatever is in the file, import returns; sanitisers watch it.
namespace mini_infer::test {
namespace {

constexpr int kRounds = 10'000;
constexpr int kMaxEdits = 8;

// Something of everything: tensors in each encoding, attributes of each type, subgraphs, symbols.
std::string rich_model() {
  const auto branch = GraphWriter()
                          .initialiser(TensorWriter("k", DataType::kFloat32, {1}).floats({2}))
                          .node("Mul", {"x", "k"}, {"b"})
                          .output("b", DataType::kFloat32, {"N", 3});
  const auto outer_branch = GraphWriter()
                                .node("If", {"c"}, {"n"}, {attribute("then_branch", branch)})
                                .output("n", DataType::kFloat32, {"N", 3});
  return ModelWriter()
      .opset(1, "com.microsoft")
      .function("local", "Swish")
      .input("x", DataType::kFloat32, {"N", 3})
      .input("c", DataType::kBool, {})
      .input("w", DataType::kFloat32, {3})
      .initialiser(TensorWriter("w", DataType::kFloat32, {3}).raw<float>({1, 2, 3}))
      .initialiser(
          TensorWriter("i", DataType::kInt64, {2}).ints(fields::tensor::kInt64Data, {-1, 300}))
      .initialiser(TensorWriter("h", DataType::kFloat16, {3})
                       .ints(fields::tensor::kInt32Data, {1, 2, 0x3c00}))
      .initialiser(TensorWriter("q", DataType::kInt4, {3})
                       .unpacked_int(fields::tensor::kInt32Data, 0x21)
                       .unpacked_int(fields::tensor::kInt32Data, 3))
      .initialiser(TensorWriter("d", DataType::kFloat64, {2}).doubles({1, 2}))
      .initialiser(TensorWriter("e", DataType::kBool, {2}).raw<char>({0, 1}))
      .node("Constant", {}, {"t"}, {attribute("value_ints", std::vector<std::int64_t>{1, 2})})
      .name("add")
      .node("Add", {"x", "w"}, {"a"})
      .node("Use", {"a", "", "i", "h", "q", "d", "e", "t"}, {"u", ""},
            {attribute("axis", -1), attribute("alpha", 0.5F), attribute("mode", "linear"),
             attribute("scales", std::vector<float>{1, 2}),
             attribute("names", std::vector<std::string>{"p", "q"}),
             attribute("t", TensorWriter("", DataType::kUInt8, {2}).raw<char>({1, 2}))},
            "com.microsoft")
      .node("If", {"c"}, {"y"},
            {attribute("then_branch", branch), attribute("else_branch", outer_branch)})
      .output("y", DataType::kFloat32, {"N", 3})
      .output("u", DataType::kFloat32, {})
      .bytes();
}

void edit(std::string& bytes, std::mt19937& random) {
  auto below = [&](std::size_t bound) { return random() % bound; };
  // Not always the whole byte: a small change of a length keeps more of the file meaningful.
  const auto value = static_cast<char>(below(2) == 0 ? below(256) : below(4));
  const std::size_t at = below(bytes.size());
  switch (below(5)) {
    case 0:
      bytes[at] = value;
      break;
    case 1:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
      break;
    case 2:
      bytes.insert(at, 1, value);
      break;
    case 3:
      bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(40)));
      break;
    default:
      bytes.erase(at, 1 + below(3));
  }
}

TEST(OnnxFuzz, DamagedModelsAreImportedOrRefused) {
  const std::string good = rich_model();
  const auto undamaged = import_bytes(good);
  ASSERT_TRUE(undamaged.ok()) << undamaged.status().to_string();
  int imported = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::mt19937 random(static_cast<std::mt19937::result_type>(round));
    std::string bytes = good;
    for (std::size_t left = 1 + random() % kMaxEdits; left > 0 && !bytes.empty(); --left) {
      edit(bytes, random);
    }
    const auto graph = import_bytes(bytes);
    if (graph.ok()) {
      ++imported;
      EXPECT_TRUE((*graph)->verify().ok()) << "round " << round;
    } else {
      EXPECT_FALSE(graph.status().message().empty()) << "round " << round;
    }
  }
  EXPECT_GT(imported, kRounds / 100) << "the damage is too heavy to reach deep code";
}

}  // namespace
}  // namespace mini_infer::test
