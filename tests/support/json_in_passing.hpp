// JSON of an answer that nobody keeps. Its parts are values, not references into it, so that what a test reads in one
// expression cannot outlive the answer. There is no iteration over it: keep the answer, or make a Json of the part.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "struere/core/json.hpp"

namespace struere::test {

class JsonInPassing {
 public:
  explicit JsonInPassing(Json value) : value_(std::move(value)) {}

  operator Json() && { return std::move(value_); }
  JsonInPassing at(const std::string& name) && { return JsonInPassing(std::move(value_.at(name))); }
  JsonInPassing at(std::size_t place) && { return JsonInPassing(std::move(value_.at(place))); }
  template <class T>
  T get() const {
    return value_.get<T>();
  }
  bool contains(const std::string& name) const { return value_.contains(name); }
  std::size_t size() const { return value_.size(); }
  bool empty() const { return value_.empty(); }

  friend bool operator==(const JsonInPassing& a, const Json& b) { return a.value_ == b; }
  friend bool operator==(const JsonInPassing& a, const JsonInPassing& b) { return a.value_ == b.value_; }
  friend std::ostream& operator<<(std::ostream& out, const JsonInPassing& json) { return out << json.value_; }

 private:
  Json value_;
};

// An answer whose body may be JSON, which is parsed once. A body that is not JSON is discarded JSON.
class AnswerWithBody {
 public:
  std::string body;

  const Json& json() const& {
    if (!parsed_) parsed_ = Json::parse(body, nullptr, false);
    return *parsed_;
  }
  JsonInPassing json() const&& { return JsonInPassing(Json::parse(body, nullptr, false)); }

 private:
  mutable std::optional<Json> parsed_ = {};
};

}  // namespace struere::test
