#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/importers/model_digest.h"
#include "mini_infer/runtime/memory_plan.h"

// A plan as a document that anyone can check, without the model and without trusting the planner.
namespace mini_infer::report {

// All that a judge must know of a plan, as JSON: which values the steps read, write and may
// overwrite, where everything lies and when it lives, what is claimed of size and order, and a hash
// over all of that; besides, the plan's own hash and which models it is of, where that is given:
// one digest for each, in the order they run. The fields are described in src/report/README.md.
// ERROR_INVALID_ARGUMENT for a plan that failed. Any number of threads.
[[nodiscard]] MINI_INFER_API core::Result<std::string> certificate_to_json(
    const runtime::MemoryPlan& plan, const std::vector<importers::ModelDigest>& models = {});

// How it is known that a claim holds.
enum class Evidence {
  kNone,      // it is not claimed
  kBound,     // derived anew from the certificate
  kRepeated,  // the search was repeated, and found nothing better
  kTrusted,   // found by a search that was not repeated, or too large to be judged
};

struct Verdict {
  std::size_t steps = 0;
  std::size_t storages = 0;
  std::size_t arena_bytes = 0;
  std::size_t lower_bound = 0;
  int peak_step = 0;
  std::string peak_node;               // of that step
  Evidence offsets = Evidence::kNone;  // arena_bytes is the least there can be, for this order
  Evidence order = Evidence::kNone;    // lower_bound is the least there can be, for any order
  std::size_t order_bound = 0;
  std::string hash;       // of the certificate's content: 16 hex digits
  std::string plan_hash;  // MemoryPlan::plan_hash, as stated: no judge can derive it anew
  std::vector<importers::ModelDigest> models;  // as stated: see importers::check_digest
};

// Checks a certificate with judges that share no code with the planner: that the text is whole (its
// hash), that no step reads or writes what it must not, that no two things alive share a byte, and
// that the claims follow. With `search`, claims by search are searched for again (that takes as
// long as planning, and uses the planner). ERROR_INVALID_ARGUMENT for a text that is no
// certificate, or damaged; ERROR_INTERNAL for a plan that is refused.
[[nodiscard]] MINI_INFER_API core::Result<Verdict> check_certificate(std::string_view text,
                                                                     bool search = false);

}  // namespace mini_infer::report
