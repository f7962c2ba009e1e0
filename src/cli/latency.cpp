#include "cli/latency.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mini_infer::cli {

Latency::Latency(std::vector<double> samples) : sorted_(std::move(samples)) {
  std::sort(sorted_.begin(), sorted_.end());
  total_ = std::accumulate(sorted_.begin(), sorted_.end(), 0.0);
}

double Latency::variation() const {
  double squares = 0;
  for (const double sample : sorted_) squares += (sample - mean()) * (sample - mean());
  return total_ > 0 ? std::sqrt(squares / static_cast<double>(sorted_.size())) / mean() : 0;
}

double Latency::percentile(double percent) const {
  const double rank = std::ceil(percent / 100.0 * static_cast<double>(sorted_.size()));
  return sorted_[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace mini_infer::cli
