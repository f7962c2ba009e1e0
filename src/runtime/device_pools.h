#pragma once

#include <memory>

#include "mini_infer/runtime/allocator.h"
#include "ops/device.h"

// A device's memory as pools take it.
namespace mini_infer::runtime {

std::shared_ptr<Allocator> device_allocator(ops::Device& device);
std::shared_ptr<Allocator> staging_allocator(ops::Device& device);

}  // namespace mini_infer::runtime
