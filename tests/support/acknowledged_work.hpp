// What `scoped_writer PLACE work` acknowledged before it was killed, and what must be stored then.
#pragma once

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <sstream>
#include <string>

#include "struere/struere.hpp"

namespace struere::test {

class AcknowledgedWork {
 public:
  // A line of the writer's output.
  void add(const std::string& line) {
    std::istringstream words(line);
    std::string id;
    std::int64_t version = 0;
    if (words >> id >> version) versions_[id] = version;
  }

  // Each row is there as it was acknowledged, or with the one write that was not acknowledged any more; each of its
  // writes is in the log.
  void check_stored(const Session& system) const {
    CHECK(system.events().verify().ok);
    for (const auto& [id, version] : versions_) {
      const auto row = system.entities("session").find(EntityId(id));
      REQUIRE(row);
      CHECK(row->version() >= version);
      CHECK(row->version() <= version + 1);
      check_whole(*row);
      std::int64_t writes = 0;
      for (const Event& event : system.events().list({.entity = EntityId(id), .limit = 1000}).events)
        writes += event.type() == "session.created" || event.type() == "session.updated" ? 1 : 0;
      CHECK(writes == row->version());
    }
  }

  // The data of each version tells which one it is of.
  static void check_whole(const Entity& row) {
    const Json data = row.data();
    CHECK(data["says"] == row.version());
    CHECK(data["text"].get<std::string>() ==
          std::string(3000, row.version() == 1 ? 'a' : static_cast<char>('a' + row.version())));
  }

  std::size_t rows() const noexcept { return versions_.size(); }

 private:
  std::map<std::string, std::int64_t> versions_;
};

}  // namespace struere::test
