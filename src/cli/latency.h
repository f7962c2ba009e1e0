#pragma once

#include <vector>

namespace mini_infer::cli {

// Times of single runs, in milliseconds.
class Latency {
 public:
  // At least one sample.
  explicit Latency(std::vector<double> samples);

  std::size_t runs() const { return sorted_.size(); }
  double min() const { return sorted_.front(); }
  double max() const { return sorted_.back(); }
  double mean() const { return total_ / static_cast<double>(sorted_.size()); }
  // The smallest sample that at least `percent` of all samples do not exceed (nearest rank).
  double percentile(double percent) const;
  // The standard deviation of single runs as a share of the mean.
  double variation() const;
  // Runs per second of the time spent in runs.
  double throughput() const { return 1000.0 * static_cast<double>(sorted_.size()) / total_; }

 private:
  std::vector<double> sorted_;
  double total_ = 0;
};

}  // namespace mini_infer::cli
