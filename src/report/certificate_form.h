#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "judge/statement.h"
#include "mini_infer/core/status.h"
#include "mini_infer/importers/model_digest.h"

// A judge's statement, and of what it is, as a certificate writes them.
namespace mini_infer::report {

// All that a certificate says.
struct Certificate {
  judge::Statement statement;
  std::string plan_hash;
  std::vector<importers::ModelDigest> models;
};

const char* storage_kind_name(judge::StorageKind kind);

std::string write_certificate(const Certificate& certificate);

// ERROR_INVALID_ARGUMENT says where the text is not a certificate, or that it is damaged: its hash
// is another. A statement that comes back speaks of values and steps that are there, in numbers
// whose sums do not overflow.
[[nodiscard]] core::Result<Certificate> parse_certificate(std::string_view text);

// Over everything that a certificate says, in its order.
std::string certificate_hash(const Certificate& certificate);

}  // namespace mini_infer::report
