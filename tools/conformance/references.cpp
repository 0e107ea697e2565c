#include "references.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

namespace struere::conformance {
namespace {

// UUIDv7 ids of the time at which every scenario begins. Only their ends differ, so they sort by their numbers.
constexpr std::string_view of_entities = "018bcfe5-6800-7000-8000-";
constexpr std::string_view of_others = "018bcfe5-6800-7fff-bfff-";

std::string numbered(std::string_view range, std::uint64_t number) {
  std::ostringstream out;
  out << range << std::hex << std::setw(12) << std::setfill('0') << number;
  return out.str();
}

bool is_mention(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return text.size() > 1 && text.front() == '@' && text.find_first_not_of(letters, 1) == std::string_view::npos;
}

template <class Replace>
void replace_strings(Json& value, const Replace& replace) {
  if (value.is_string())
    replace(value.get_ref<std::string&>());
  else if (value.is_structured())
    for (Json& part : value) replace_strings(part, replace);
}

}  // namespace

References::References() : References(std::string(of_entities)) {}

void References::learn(const std::string& ref, const std::string& id) {
  ids_[ref] = id;
  refs_[id] = ref;
}

const std::string& References::id_of(const std::string& ref) {
  const auto found = ids_.find(ref);
  if (found != ids_.end()) return found->second;
  std::string id = numbered(range_, ids_.size() + 1);
  refs_.emplace(id, ref);
  return ids_.emplace(ref, std::move(id)).first->second;
}

const std::string& References::ref_of(const std::string& id) const {
  const auto found = refs_.find(id);
  return found == refs_.end() ? id : found->second;
}

Json References::resolved(Json value) {
  replace_strings(value, [this](std::string& text) {
    if (is_mention(text)) text = id_of(text.substr(1));
  });
  return value;
}

Json References::shown(Json value) const {
  replace_strings(value, [this](std::string& text) {
    const auto found = refs_.find(text);
    if (found != refs_.end()) text = "@" + found->second;
  });
  return value;
}

void PreparedIds::set_front(std::optional<std::string> id) {
  const std::lock_guard lock(mutex_);
  front_ = std::move(id);
}

std::string PreparedIds::next(long long /*now*/) {
  const std::lock_guard lock(mutex_);
  if (front_) return *std::exchange(front_, std::nullopt);
  return numbered(of_others, ++drawn_);
}

}  // namespace struere::conformance
