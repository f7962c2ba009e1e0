#include <algorithm>

#include "core/try.h"
#include "judge/execution.h"
#include "judge/order_bound.h"
#include "judge/packing.h"
#include "mini_infer/report/certificate.h"
#include "report/certificate_form.h"
#include "report/repeat_search.h"

namespace mini_infer::report {
namespace {

using core::Result;
using core::Status;
using judge::Statement;
using planner::Proof;

// check_packing has derived the bound anew.
Result<Evidence> offsets_evidence(const Statement& statement, bool search) {
  switch (statement.claims.offsets_proof) {
    case Proof::kNone:
      return Evidence::kNone;
    case Proof::kByBound:
      return Evidence::kBound;
    case Proof::kBySearch:
      break;
  }
  if (!search) return Evidence::kTrusted;
  MI_TRY(repeat_offsets_search(statement));
  return Evidence::kRepeated;
}

Result<Evidence> order_evidence(const Statement& statement, bool search) {
  MI_ASSIGN(const bool derived, judge::check_order(statement));
  if (statement.claims.order_proof == Proof::kNone) return Evidence::kNone;
  if (derived) return Evidence::kBound;
  if (!search) return Evidence::kTrusted;
  MI_TRY(repeat_order_search(statement));
  return Evidence::kRepeated;
}

}  // namespace

Result<std::string> certificate_to_json(const runtime::MemoryPlan& plan,
                                        const std::vector<importers::ModelDigest>& models) {
  if (plan.statement == nullptr) {
    return Status(Status::ERROR_INVALID_ARGUMENT, "there is no plan to certify");
  }
  return write_certificate({*plan.statement, plan.plan_hash, models});
}

Result<Verdict> check_certificate(std::string_view text, bool search) {
  MI_ASSIGN(const Certificate certificate, parse_certificate(text));
  const Statement& statement = certificate.statement;
  const judge::Claims& claims = statement.claims;
  Verdict verdict;
  verdict.steps = statement.steps.size();
  verdict.storages = statement.arena.size() + statement.callers.size();
  verdict.arena_bytes = static_cast<std::size_t>(claims.arena_bytes);
  verdict.lower_bound = static_cast<std::size_t>(claims.lower_bound);
  verdict.peak_step = claims.peak_step;
  if (!statement.steps.empty()) {
    verdict.peak_node = statement.steps[static_cast<std::size_t>(claims.peak_step)].node;
  }
  verdict.order_bound = static_cast<std::size_t>(claims.order_bound);
  verdict.hash = certificate_hash(certificate);
  verdict.plan_hash = certificate.plan_hash;
  verdict.models = certificate.models;
  MI_TRY(judge::check_packing(statement));
  MI_TRY(judge::check_execution(statement));
  MI_ASSIGN(verdict.offsets, offsets_evidence(statement, search));
  MI_ASSIGN(verdict.order, order_evidence(statement, search));
  return verdict;
}

}  // namespace mini_infer::report
