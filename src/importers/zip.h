#pragma once

#include <string>
#include <vector>

#include "importers/mapped_file.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

struct ZipEntry {
  std::string name;
  Region data;
};

// All entries of a zip archive in memory, in the order of its directory: stored ones as views,
// deflated ones unpacked. Checksums are verified. ERROR_INVALID_ARGUMENT: no zip, or its parts
// disagree. ERROR_UNSUPPORTED: encryption, zip64 (4 GiB and more), other packings.
core::Result<std::vector<ZipEntry>> read_zip(const Region& archive);

}  // namespace mini_infer::importers
