// Recognises handwritten digits that the network has never seen, and says what memory that takes.
//   recognise_digits FOLDER        a folder like tests/data/lenet5
// Fails below 98 % of digits recognised.
#include <mini_infer/importers/onnx.h>
#include <mini_infer/report/memory_report.h>
#include <mini_infer/runtime/engine.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mini_infer;
using core::Status;

constexpr std::size_t kSide = 28;  // pixels
constexpr std::size_t kPixels = kSide * kSide;
using Image = std::span<const std::uint8_t>;

// The elements of a .npy file, format version 1: ten bytes, the last two of them the length of the
// text that follows; then the elements.
template <typename T>
core::Result<std::vector<T>> read_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 10) return {Status::ERROR_IO, path.string() + ": cannot be read"};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const std::size_t start = 10u + byte(8) + 256u * byte(9);
  std::vector<T> elements((bytes.size() - std::min(start, bytes.size())) / sizeof(T));
  std::memcpy(elements.data(), bytes.data() + start, elements.size() * sizeof(T));
  return elements;
}

struct Digits {
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;

  std::size_t count() const { return labels.size(); }
  Image image(std::size_t i) const { return Image(pixels).subspan(i * kPixels, kPixels); }
};

core::Result<Digits> read_digits(const std::filesystem::path& folder) {
  auto pixels = read_npy<std::uint8_t>(folder / "heldout_images.npy");
  if (!pixels.ok()) return pixels.status();
  auto labels = read_npy<std::int64_t>(folder / "heldout_labels.npy");
  if (!labels.ok()) return labels.status();
  if (labels->empty() || pixels->size() != labels->size() * kPixels) {
    return {Status::ERROR_INVALID_ARGUMENT, "expected a label for each image of 28x28 bytes"};
  }
  return Digits{std::move(*pixels), std::move(*labels)};
}

core::Result<int> recognise(runtime::ExecutionContext& context, Image image) {
  std::array<float, kPixels> input;
  std::transform(image.begin(), image.end(), input.begin(),
                 [](std::uint8_t byte) { return static_cast<float>(byte) / 255.0f; });
  if (Status set = context.set_input(0, std::as_bytes(std::span(input))); !set.ok()) return set;
  if (Status ran = context.run(); !ran.ok()) return ran;
  auto output = context.output(0);
  if (!output.ok()) return output.status();
  const auto logits = output->as<float>();
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Two rows of pixels a line, digits side by side.
void draw(const Digits& digits, std::size_t first, std::size_t count) {
  constexpr std::string_view kInk = " .:-=+*#%@";
  for (std::size_t row = 2; row + 2 < kSide; row += 2) {
    for (std::size_t i = first; i < first + count; ++i) {
      const Image image = digits.image(i);
      for (std::size_t column = 2; column + 2 < kSide; ++column) {
        const std::size_t at = row * kSide + column;
        std::cout << kInk[(image[at] + image[at + kSide]) / 2 * kInk.size() / 256];
      }
    }
    std::cout << '\n';
  }
}

Status recognise_all(const std::filesystem::path& folder) {
  auto digits = read_digits(folder);
  if (!digits.ok()) return digits.status();
  auto graph =
      importers::import_onnx(folder / "model.onnx", {.shapes = {{"image", {1, 1, kSide, kSide}}}});
  if (!graph.ok()) return graph.status();
  runtime::Engine engine;
  if (Status built = engine.build(*graph); !built.ok()) return built;

  constexpr std::size_t kDrawn = 3;
  std::size_t right = 0;
  std::string said;
  for (std::size_t i = 0; i < digits->count(); ++i) {
    const auto digit = recognise(*engine.context(), digits->image(i));
    if (!digit.ok()) return digit.status();
    right += *digit == digits->labels[i];
    if (i < kDrawn) said += "   this is a " + std::to_string(*digit) + std::string(10, ' ');
  }
  draw(*digits, 0, std::min(kDrawn, digits->count()));
  const double percent = 100.0 * static_cast<double>(right) / static_cast<double>(digits->count());
  std::printf("%s\n\n%zu of %zu digits recognised: %.2f %%\n\nMemory for one digit:\n%s",
              said.c_str(), right, digits->count(), percent,
              report::plan_to_text(engine.memory_plan()).c_str());
  if (percent >= 98.0) return Status::SUCCESS;
  return {Status::ERROR_RUNTIME, "expected 98 % of the digits to be recognised"};
}

}  // namespace

int main(int count, char** arguments) {
  const Status status =
      count == 2 ? recognise_all(arguments[1])
                 : Status(Status::ERROR_INVALID_ARGUMENT, "usage: recognise_digits FOLDER");
  if (!status.ok()) std::cerr << status.to_string() << '\n';
  return status.ok() ? 0 : 1;
}
