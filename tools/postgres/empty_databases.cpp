#include "postgres/empty_databases.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "conformance/scenario_storage.hpp"
#include "postgres/citus.hpp"
#include "postgres/raw_connection.hpp"
#include "postgres/ready_database.hpp"
#include "struere/spi/forwarding_storage.hpp"
#include "struere/storage/postgres.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere::conformance {
namespace {

// What no check can be in the way of.
constexpr const char* check_nothing = "SET LOCAL session_replication_role = replica";
constexpr const char* empty_all_tables =
    "DO $$ DECLARE t record; BEGIN FOR t IN SELECT relname FROM pg_class WHERE "
    "relnamespace = 'struere'::regnamespace AND relkind = 'r' AND relname <> 'meta' LOOP EXECUTE format('DELETE FROM "
    "struere.%I', t.relname); END LOOP; END $$";

class Databases {
 public:
  explicit Databases(std::string url) : url_(std::move(url)) {
    // The library's own parameter, which libpq does not know.
    for (const std::string_view parameter : {"prepare=off&", "&prepare=off", "?prepare=off"})
      if (const std::size_t at = url_.find(parameter); at != std::string::npos) {
        url_.erase(at, parameter.size());
        prepares_ = false;
      }
    cluster_.emplace(url_);
  }
  ~Databases() {
    emptying_.clear();
    for (const std::string& name : all_) try {
        RawConnection(url_).run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
        cluster_->drop_from_workers(name);
      } catch (const std::exception&) {  // the server is gone, and the database with it
      }
  }
  Databases(const Databases&) = delete;
  Databases& operator=(const Databases&) = delete;

  // The URL of an empty one, until give_back().
  std::string take(std::string& name) {
    const std::scoped_lock lock(mutex_);
    if (!free_.empty()) {
      name = free_.back();
      free_.pop_back();
      if (cluster_->is_there())
        cluster_->run(name, {check_nothing, empty_all_tables});
      else
        connection_that_empties(name).run(std::string(check_nothing) + "; " + empty_all_tables);
    } else {
      static std::atomic<int> made = 0;  // by all lenders of this process
      name = "struere_check_" + std::to_string(getpid()) + "_" + std::to_string(++made);
      all_.push_back(name);
      if (cluster_->is_there()) {
        cluster_->add_database(name);
        set_up_beside_others(url_of_database(url_, name));
        cluster_->distribute(name);
      } else {
        make_ready_database(url_, name);
      }
    }
    const std::string out = as_application(url_of_database(url_, name));
    return prepares_ ? out : out + (out.find('?') == std::string::npos ? "?" : "&") + "prepare=off";
  }
  void give_back(std::string name) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(name));
  }

 private:
  // Kept: a new one plans each statement again, which takes longer than to carry them out.
  RawConnection& connection_that_empties(const std::string& name) {
    auto& kept = emptying_[name];
    if (!kept) kept = std::make_unique<RawConnection>(url_of_database(url_, name));
    return *kept;
  }

  // The server trusts every role (scripts/postgres_server), or takes the password from where libpq looks for it.
  static std::string as_application(const std::string& url) {
    const std::size_t user = url.find("://") + 3, end = url.find_first_of("@/?", user);
    return url.substr(0, user) + PostgresRoles().application +
           (end != std::string::npos && url[end] == '@' ? "" : "@") + url.substr(std::min(end, url.size()));
  }

  std::string url_;
  bool prepares_ = true;
  std::optional<CitusCluster> cluster_;
  std::mutex mutex_;
  std::vector<std::string> all_, free_;
  std::map<std::string, std::unique_ptr<RawConnection>> emptying_;  // by the name of the database
};

std::unique_ptr<Storage> open_lent(const std::string& url) {
  PostgresOptions options;
  options.most_connections = 12;
  return open_postgres_storage(url, options);
}

struct LentUrl {
  std::shared_ptr<const std::string> url;
};

// A storage that gives its database back: the base that holds the URL is destroyed last.
class Lent final : private LentUrl, public ForwardingStorage {
 public:
  explicit Lent(std::shared_ptr<const std::string> lent)
      : LentUrl{std::move(lent)}, ForwardingStorage(open_lent(*url)) {}
};

}  // namespace

PostgresLender lend_postgres_databases(const std::string& url) {
  return [databases = std::make_shared<Databases>(url)] {
    std::string name;
    auto lent = std::make_unique<const std::string>(databases->take(name));
    return std::shared_ptr<const std::string>(lent.release(), [databases, name](const std::string* text) {
      delete text;
      databases->give_back(name);
    });
  };
}

StorageFactory empty_postgres_databases(const std::string& url) {
  return [lend = lend_postgres_databases(url)] { return std::make_unique<Lent>(lend()); };
}

void accept_postgres_urls() {
  StorageChoice::of_url = empty_postgres_databases;
  StorageChoice::own_of_url = [](const std::string& url) { return lend_postgres_databases(url)(); };
}

}  // namespace struere::conformance
