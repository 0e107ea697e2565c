#include "shrink.hpp"

#include <string>
#include <utility>
#include <vector>

namespace struere::proof {
namespace {

using conformance::OrderedJson;
using Pointer = OrderedJson::json_pointer;
using Time = std::chrono::steady_clock;

class Shrinker {
 public:
  Shrinker(OrderedJson document, const std::function<bool(const OrderedJson&)>& still_fails, Time::time_point end)
      : document_(std::move(document)), still_fails_(still_fails), end_(end) {}

  OrderedJson run() {
    // The steps are cut first, because whole roles and entities that they no longer need can then be cut at once.
    if (document_.contains("steps")) cut(Pointer("/steps"));
    while (pass() && !is_over()) {
    }
    return std::move(document_);
  }

 private:
  bool is_over() const { return Time::now() >= end_; }

  // Goes from the outermost values inwards, because an outer value takes its content with it.
  bool pass() {
    bool changed = false;
    std::vector<Pointer> level{Pointer()};
    while (!level.empty() && !is_over()) {
      std::vector<Pointer> next;
      for (const Pointer& at : level) {
        if (!document_.contains(at)) continue;
        const OrderedJson& value = document_.at(at);
        if (value.is_structured() && !value.empty()) {
          changed = cut(at) || changed;
          for (Pointer& part : parts_of(at)) next.push_back(std::move(part));
        } else {
          changed = make_plainer(at) || changed;
        }
      }
      level = std::move(next);
    }
    return changed;
  }

  std::vector<Pointer> parts_of(const Pointer& at) const {
    std::vector<Pointer> out;
    const OrderedJson& value = document_.at(at);
    if (value.is_object())
      for (const auto& [key, unused] : value.items()) out.push_back(at / key);
    else
      for (std::size_t i = 0; i < value.size(); ++i) out.push_back(at / i);
    return out;
  }

  bool cut(const Pointer& at) {
    bool changed = false;
    for (std::size_t piece = document_.at(at).size(); piece > 0; piece /= 2)
      for (std::size_t begin = 0; begin < document_.at(at).size() && !is_over();) {
        if (attempt(at, without(document_.at(at), begin, piece)))
          changed = true;
        else
          begin += piece;
      }
    return changed;
  }

  static OrderedJson without(const OrderedJson& value, std::size_t begin, std::size_t count) {
    OrderedJson out = value.is_array() ? OrderedJson::array() : OrderedJson::object();
    std::size_t index = 0;
    for (const auto& [key, part] : value.items()) {
      const bool goes = index >= begin && index < begin + count;
      ++index;
      if (goes) continue;
      if (value.is_array())
        out.push_back(part);
      else
        out[key] = part;
    }
    return out;
  }

  bool make_plainer(const Pointer& at) {
    const OrderedJson value = document_.at(at);
    std::vector<OrderedJson> plainer;
    if (value.is_string())
      plainer = {"", "a"};
    else if (value.is_number())
      plainer = {0, 1};
    for (OrderedJson& candidate : plainer)
      if (value == candidate || attempt(at, std::move(candidate))) return document_.at(at) != value;
    return false;
  }

  bool attempt(const Pointer& at, OrderedJson value) {
    OrderedJson candidate = document_;
    candidate[at] = std::move(value);
    if (!still_fails_(candidate)) return false;
    document_ = std::move(candidate);
    return true;
  }

  OrderedJson document_;
  const std::function<bool(const OrderedJson&)>& still_fails_;
  Time::time_point end_;
};

}  // namespace

OrderedJson shrink(OrderedJson document, const std::function<bool(const OrderedJson&)>& still_fails,
                   Time::duration time) {
  return Shrinker(std::move(document), still_fails, Time::now() + time).run();
}

}  // namespace struere::proof
