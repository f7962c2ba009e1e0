#pragma once

#include <string>
#include <string_view>

#include "judge/statement.h"
#include "mini_infer/core/status.h"

// A judge's statement as a certificate writes it.
namespace mini_infer::report {

const char* storage_kind_name(judge::StorageKind kind);

std::string write_certificate(const judge::Statement& statement);

// ERROR_INVALID_ARGUMENT says where the text is not a certificate, or that it is damaged: its hash
// is another. A statement that comes back speaks of values and steps that are there, in numbers
// whose sums do not overflow.
core::Result<judge::Statement> parse_certificate(std::string_view text);

// Over everything that a statement says, in its order.
std::string statement_hash(const judge::Statement& statement);

}  // namespace mini_infer::report
