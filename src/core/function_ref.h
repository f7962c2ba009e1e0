#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace mini_infer::core {

template <typename Signature>
class FunctionRef;

// A callable that somebody else holds: two pointers, no allocation. Valid while the callable lives.
template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <typename Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>) FunctionRef(
      Callable&& callable)  // NOLINT(google-explicit-constructor): stands for the callable
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* held, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(held))(
              std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  void* callable_;
  Result (*call_)(void*, Args...);
};

}  // namespace mini_infer::core
