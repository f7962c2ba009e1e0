#include "runtime/weights.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "core/backing_file.h"
#include "core/try.h"
#include "ops/alias.h"

namespace mini_infer::runtime {
namespace {

std::string_view text_of(const core::Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes().data()), tensor.size_bytes()};
}

const ops::PackedInput* form_of(const PackedInputs& packed, graph::NodeId id, int slot) {
  if (packed.empty()) return nullptr;
  const auto& forms = packed[static_cast<std::size_t>(id)];
  const auto found =
      std::find_if(forms.begin(), forms.end(), [&](const auto& form) { return form.slot == slot; });
  return found == forms.end() ? nullptr : &*found;
}

// Looks at the size and a few bytes only: constants that begin alike and differ are rare.
struct QuickHash {
  std::size_t operator()(std::string_view bytes) const {
    constexpr std::size_t kLooked = 512;
    return std::hash<std::string_view>()(bytes.substr(0, kLooked)) ^ bytes.size();
  }
};

class Layout {
 public:
  Layout(const graph::Graph& graph, std::size_t alignment, const PackedInputs& packed)
      : graph_(graph), alignment_(alignment), packed_(packed) {}

  WeightsLayout lay_out() {
    layout_.offset_of.resize(graph_.nodes().size());
    for (graph::NodeId id = 0; id < static_cast<graph::NodeId>(graph_.nodes().size()); ++id) {
      const ops::NodeView view(graph_, id);
      auto& offsets = layout_.offset_of[static_cast<std::size_t>(id)];
      offsets.resize(view.node().inputs.size());
      for (int slot = 0; slot < view.input_count(); ++slot) {
        if (view.constant(slot) == nullptr || !ops::reads_bytes(view, slot)) continue;
        offsets[static_cast<std::size_t>(slot)] = offset_of(view, slot);
      }
    }
    return std::move(layout_);
  }

 private:
  std::size_t offset_of(const ops::NodeView& view, int slot) {
    const core::Tensor& constant = *view.constant(slot);
    const ops::PackedInput* packed = form_of(packed_, view.id(), slot);
    auto& known = known_[packed == nullptr ? std::string() : packed->form];
    const auto [at, fresh] = known.emplace(text_of(constant), layout_.size_bytes);
    if (fresh) {
      const auto value = view.node().inputs[static_cast<std::size_t>(slot)];
      layout_.stored.push_back({value, packed, at->second});
      const std::size_t bytes = packed == nullptr ? constant.size_bytes() : packed->bytes;
      layout_.size_bytes += core::align_up(bytes, alignment_);
    }
    return at->second;
  }

  const graph::Graph& graph_;
  std::size_t alignment_;
  const PackedInputs& packed_;
  WeightsLayout layout_;
  // Offsets by form, then by the bytes of the constant.
  std::unordered_map<std::string, std::unordered_map<std::string_view, std::size_t, QuickHash>>
      known_;
};

void copy(std::span<const std::byte> from, std::byte* to, core::ThreadPool& threads) {
  constexpr std::size_t kPiece = 1 << 20;
  const auto copy_piece = [&](std::int64_t piece, int) {
    const auto bytes = from.subspan(static_cast<std::size_t>(piece) * kPiece);
    std::memcpy(to + (bytes.data() - from.data()), bytes.data(), std::min(kPiece, bytes.size()));
  };
  threads.run(static_cast<std::int64_t>((from.size() + kPiece - 1) / kPiece), copy_piece);
}

// Writes constants where they belong.
class Writer {
 public:
  Writer(std::byte* pool, core::ThreadPool& threads, ops::Device* device)
      : pool_(pool), threads_(threads), device_(device) {}
  ~Writer() {
    if (queue_ != nullptr) device_->destroy(queue_);
  }

  core::Status write(const core::Tensor& constant, const StoredWeight& stored) {
    std::byte* to = pool_ + stored.offset;
    if (device_ == nullptr) {
      store_weight(constant, stored.packed, to, threads_);
      return core::Status::SUCCESS;
    }
    if (queue_ == nullptr) {
      MI_ASSIGN(queue_, device_->create_queue());
    }
    const std::size_t bytes =
        stored.packed == nullptr ? constant.size_bytes() : stored.packed->bytes;
    packed_.resize(std::max(packed_.size(), bytes));
    store_weight(constant, stored.packed, packed_.data(), threads_);
    MI_TRY(device_->upload(to, packed_.data(), bytes, queue_));
    return device_->synchronize(queue_);
  }

 private:
  std::byte* pool_;
  core::ThreadPool& threads_;
  ops::Device* device_;
  ops::Queue queue_ = nullptr;
  std::vector<std::byte> packed_;  // on its way to the device
};

// By ValueId: constants that the graph must keep, and not in the model's file: those that no kernel
// reads but that say what a node does, and inputs of a fixed value.
std::vector<bool> kept(const graph::Graph& graph, const WeightsLayout& layout) {
  std::vector<bool> kept(graph.values().size(), true);
  for (std::size_t node = 0; node < layout.offset_of.size(); ++node) {
    for (std::size_t slot = 0; slot < layout.offset_of[node].size(); ++slot) {
      if (!layout.offset_of[node][slot]) continue;
      kept[static_cast<std::size_t>(graph.nodes()[node].inputs[slot])] = false;
    }
  }
  for (graph::ValueId input : graph.inputs) kept[static_cast<std::size_t>(input)] = true;
  return kept;
}

void let_go(graph::Graph& graph, graph::ValueId id, bool kept) {
  graph::Value& value = graph.value(id);
  const std::span<const std::byte> bytes = value.constant->bytes();
  value.kind = graph::MemoryKind::kConstant;
  std::optional<core::Tensor> copy;
  if (kept) copy = core::Tensor::copy_of(value.type, *value.shape, bytes);
  for (const auto& file : graph.files) file->release(bytes);
  value.constant = std::move(copy);
}

}  // namespace

core::Status check_files(const graph::Graph& graph) {
  for (const auto& file : graph.files) MI_TRY(file->check_unchanged());
  return core::Status::SUCCESS;
}

WeightsLayout lay_out_weights(const graph::Graph& graph, std::size_t alignment,
                              const PackedInputs& packed) {
  return Layout(graph, alignment, packed).lay_out();
}

void store_weight(const core::Tensor& constant, const ops::PackedInput* packed, std::byte* to,
                  core::ThreadPool& threads) {
  if (packed != nullptr) {
    packed->pack(constant, to, threads);
  } else {
    copy(constant.bytes(), to, threads);
  }
}

core::Status fill_weights(graph::Graph& graph, const WeightsLayout& layout, std::byte* pool,
                          core::ThreadPool& threads, ops::Device* device) {
  std::vector<std::size_t> last_use(graph.values().size(), layout.stored.size());
  for (std::size_t i = 0; i < layout.stored.size(); ++i) {
    last_use[static_cast<std::size_t>(layout.stored[i].constant)] = i;
  }
  MI_TRY(check_files(graph));
  const std::vector<bool> keep = kept(graph, layout);
  const auto let_go_after = [&](graph::ValueId id, std::size_t use) {
    const auto at = static_cast<std::size_t>(id);
    if (graph.value(id).constant && last_use[at] == use) let_go(graph, id, keep[at]);
  };
  for (graph::ValueId id = 0; id < static_cast<graph::ValueId>(graph.values().size()); ++id) {
    let_go_after(id, layout.stored.size());
  }
  Writer writer(pool, threads, device);
  for (std::size_t i = 0; i < layout.stored.size(); ++i) {
    const StoredWeight& stored = layout.stored[i];
    MI_TRY(writer.write(*graph.value(stored.constant).constant, stored));
    let_go_after(stored.constant, i);
  }
  return check_files(graph);
}

}  // namespace mini_infer::runtime
