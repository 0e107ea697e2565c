// What several objects share and none of them is ever without.
#pragma once

#include <memory>
#include <utility>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

// A shared pointer that is copied where it would be moved, so that an object that was moved from can still be used.
template <class T>
class Shared {
 public:
  Shared(std::shared_ptr<T> value) : value_(std::move(value)) {}
  Shared(const Shared&) = default;
  Shared& operator=(const Shared&) = default;
  ~Shared() = default;

  T& operator*() const noexcept { return *value_; }
  T* operator->() const noexcept { return value_.get(); }
  T* get() const noexcept { return value_.get(); }
  operator const std::shared_ptr<T>&() const noexcept { return value_; }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace struere
