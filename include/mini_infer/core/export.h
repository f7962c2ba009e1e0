#pragma once

// Marks what the shared library exports; everything else stays hidden.
#define MINI_INFER_API __attribute__((visibility("default")))
