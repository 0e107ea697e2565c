#include "random.hpp"

namespace struere::proof {

const std::vector<std::string> user_names{"ana", "bo", "cy", "root"};
const std::vector<std::string> role_names{"alpha", "beta", "Gamma", "émile", "omega"};
const std::vector<std::string> type_names{"person", "note", "task"};
const std::vector<std::string> relation_names{"knows", "teaches", "member-of"};
const std::vector<std::string> status_names{"active", "draft", "archived", "ana", "Active"};
const std::vector<std::string> operator_names{"eq", "neq", "in", "nin", "contains", "gt", "gte", "lt", "lte", "exists"};
const std::vector<std::string> action_names{"create", "read", "update", "delete", "list"};

namespace {

constexpr std::int64_t first_moment = 1'700'000'000'000;  // at which every scenario begins

std::string random_key(Random& random) {
  static const std::vector<std::string> keys{"a", "b", "c", "d-1", "e_2"};
  // Some keys are such that no path can name them.
  static const std::vector<std::string> odd{"",  "x.y",  "a\"b", "back\\slash", "é", "e\u0301", "tab\t",
                                            "$", "it's", "[0]",  "0",           "A", "a ",      "\U0001F600"};
  return random.pick(random.chance(88) ? keys : odd);
}

Json random_array(Random& random, int depth) {
  Json array = Json::array();
  for (int i = random.below(4); i > 0; --i) array.push_back(random_value(random, depth));
  return array;
}

std::string mention(Random& random, const std::vector<std::string>& refs) {
  return refs.empty() || random.chance(5) ? "@ghost" : "@" + random.pick(refs);
}

}  // namespace

std::string random_text(Random& random) {
  static const std::vector<std::string> plain{"a",   "b",  "ab",   "green",   "green red", "Green",
                                              "ana", "bo", "2024", "x1 2024", "redwood",   "blue"};
  static const std::vector<std::string> awkward{
      "",           "1",           "1.0",    "true",       "null",        "actor.userId",
      "literal:",   "literal:a",   "actor.", "say \"hi\"", "line\nbreak", "ß",
      "İ",          "ı",           "ﬀ",      "é",          "e\u0301",     "\U0001F600a",
      "\U0001D7D9", "\uFFFF",      "\uD7FF", "\uE000",     "\U0010FFFF",  "%_",
      "$.a[0]",     "' OR 1=1 --", "\u0001", " lead",      "a\u200bb",    "*",
      "[redacted]", "{}",          "[]",     "GLOB*?[a]",  "\\"};
  return random.pick(random.chance(55) ? plain : awkward);
}

Json random_number(Random& random) {
  switch (random.below(4)) {
    case 0:
      return random.pick(std::vector<std::int64_t>{9007199254740991, 9007199254740992, 9007199254740993, INT64_MAX,
                                                   INT64_MIN, INT64_MAX - 1, INT64_MIN + 1, -9007199254740993});
    case 1:
      return random.pick(std::vector<double>{0.1, 0.5, 1.0, -0.0, 2.5, 2.0, 9007199254740992.0, 9223372036854775808.0,
                                             -9223372036854775808.0, 18446744073709551616.0, 1e300, 1e308, -1e308,
                                             5e-324, 1e22, 1e21, 0.30000000000000004, 1e-7});
    case 2:
      if (random.chance(20))
        return random.pick(std::vector<std::uint64_t>{9223372036854775808U, 18446744073709551615U});
      [[fallthrough]];
    default: return random.below(5) - 2;
  }
}

Json random_scalar(Random& random) {
  switch (random.below(8)) {
    case 0: return nullptr;
    case 1: return true;
    case 2: return false;
    case 3:
    case 4: return random_number(random);
    default: return random_text(random);
  }
}

Json random_value(Random& random, int depth) {
  if (depth == 0 || random.chance(55)) return random_scalar(random);
  return random.chance(40) ? random_array(random, depth - 1) : random_object(random, depth - 1);
}

Json random_object(Random& random, int depth) {
  Json out = Json::object();
  for (int i = random.below(4); i > 0; --i) out[random_key(random)] = random_value(random, depth);
  return out;
}

std::string random_data_path(Random& random) {
  static const std::vector<std::string> known{"data.title",  "data.owner",  "data.n",      "data.flag",
                                              "data.tags",   "data.meta",   "data.meta.a", "data.meta.b",
                                              "data.secret", "data.userId", "data.big",    "data.meta.a.b",
                                              "data.list",   "data.list.a", "data.absent", "data.note.b.c.a"};
  if (random.chance(75)) return random.pick(known);
  static const std::vector<std::string> segments{"a", "b", "c", "d-1", "e_2", "title", "meta"};
  std::string path = "data";
  for (int i = random.between(1, 3); i > 0; --i) path += "." + random.pick(segments);
  return path;
}

std::string random_field(Random& random) {
  static const std::vector<std::string> attributes{"id", "status", "createdAt", "updatedAt"};
  return random.chance(25) ? random.pick(attributes) : random_data_path(random);
}

Json random_value_of(Random& random, const std::string& field, const std::vector<std::string>& refs) {
  if (random.chance(20)) return random_value(random, 2);
  if (field == "id") return mention(random, refs);
  if (field == "status") return random.pick(status_names);
  if (field == "createdAt" || field == "updatedAt") {
    const std::int64_t moment = first_moment + random.below(40);
    return random.chance(20) ? Json(static_cast<double>(moment) + 0.5) : Json(moment);
  }
  if (field == "data.owner") return random.chance(60) ? Json(random.pick(user_names)) : Json(mention(random, refs));
  if (field == "data.userId") return random.pick(user_names);
  if (field == "data.n") return random.chance(80) ? Json(random.below(4)) : random_number(random);
  if (field == "data.big") return random_number(random);
  if (field == "data.flag") return random.chance(80) ? Json(random.chance(50)) : random_scalar(random);
  if (field == "data.title" || field == "data.secret") return random_text(random);
  if (field == "data.tags") {
    Json tags = Json::array();
    for (int i = random.below(4); i > 0; --i)
      tags.push_back(random.chance(80) ? Json(random_text(random)) : random_scalar(random));
    return tags;
  }
  return random_value(random, 2);
}

Json random_data(Random& random, const std::string& type, const std::vector<std::string>& refs,
                 const std::vector<std::string>& persons) {
  static const std::vector<std::string> keys{"title", "owner",  "n",   "flag", "tags",
                                             "meta",  "secret", "big", "list", "a"};
  Json data = Json::object();
  for (const std::string& key : random.some(keys, 45)) data[key] = random_value_of(random, "data." + key, refs);
  if (random.chance(12)) data.update(random_object(random, 3));
  if (random.chance(35)) data["meta"] = random_object(random, 3);
  if (random.chance(20)) data["list"] = random_array(random, 2);
  if (random.chance(2)) {
    Json nest = random_scalar(random);
    for (int depth = random.between(20, 58); depth > 0; --depth)
      nest = depth % 3 ? Json{{"a", nest}} : Json::array({nest});
    data["meta"] = std::move(nest);
  }
  if (type == "person" && random.chance(85)) data["userId"] = random.pick(user_names);
  if (type != "task") return data;
  data["title"] = random_text(random);  // the schema requires it
  if (data.contains("n") && !data["n"].is_number()) data["n"] = 3;
  for (const char* key : {"assignee", "watchers"}) data.erase(key);
  if (persons.empty()) return data;
  if (random.chance(40)) data["assignee"] = "@" + random.pick(persons);
  if (random.chance(25)) data["watchers"] = Json::array({"@" + random.pick(persons), "@" + random.pick(persons)});
  return data;
}

}  // namespace struere::proof
