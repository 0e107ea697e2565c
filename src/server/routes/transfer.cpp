// Entities in bulk: one JSON text a line.
#include "core/json_split.hpp"
#include "server/body_object.hpp"
#include "server/entity_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "server/who_asks.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

constexpr std::size_t import_bytes = (64 << 20) + (4 << 20);  // of data, and what is around it in each line
constexpr std::size_t most_values = 4'000'000;  // of the rows of one commit, each of up to 150 bytes in memory
constexpr std::size_t batch_rows = 1000;
constexpr std::size_t batch_bytes = 8 << 20;

// The rows that the actor sees, read page by page while the client takes them. Who asks is looked at again before each
// page, because a slow client takes long, and its key or session may have ended.
class Export : public BodyStream {
 public:
  Export(const Call& call, Query query)
      : services_(call.services()), request_(call.request()), type_(call.path("type")), query_(std::move(query)) {
    page_ = next_page();  // a problem of the query is an answer of its own
  }

  Chunk next() override {
    Chunk out;
    EntityPage page = page_ ? *std::exchange(page_, std::nullopt) : next_page();
    for (const Entity& entity : page) {
      append_entity(out.bytes, entity);
      out.bytes += '\n';
    }
    query_.after = page.next();
    out.is_last = !query_.after;
    return out;
  }

 private:
  EntityPage next_page() const { return who_asks(request_, services_, true).session.entities(type_).list(query_); }

  const Services& services_;  // outlive each connection
  const Request request_;     // a copy
  const std::string type_;
  Query query_;
  std::optional<EntityPage> page_;
};

Response export_rows(const Call& call) {
  Query query;
  query.limit = 500;
  query.order = {{"createdAt", Direction::ascending}};
  query.status = call.text("status");
  query.timeout = call.services().options.limits.query_time;
  Response out;
  out.content_type = "application/x-ndjson";
  out.stream = std::make_unique<Export>(call, query);
  return out;
}

// A line is the data of an entity, or {"data": …, "status": …, "id": …, "createdAt": …} with `whole`, as the export has
// it.
ImportedRow row_of(std::string_view line, bool is_whole) {
  JsonFault fault;
  if (!is_whole) {
    auto data = parse_json(line, fault);
    if (!data) throw Error(ErrorCode::invalid_data, "it is not acceptable JSON: " + fault.message);
    return {*std::move(data)};
  }
  const BodyObject row(line, {"data", "status", "id", "createdAt", "updatedAt", "version", "type", "$entity"});
  if (row.has("$entity"))
    throw Error(ErrorCode::invalid_data,
                "it is a line of `struere data export --with-ids`; import it with `struere data import`, or call its "
                "member `$entity` `type`");
  ImportedRow out{row.required_json("data")};
  out.options.status = row.string("status");
  if (const auto id = row.string("id")) out.options.id = EntityId(*id);
  out.options.created_at = row.integer("createdAt");
  out.type = row.string("type");
  return out;
}

enum class Unit {
  batch,  // a transaction for each batch, so that other writers get their turn
  whole,  // one transaction
};

// Writes an entity of each line.
class Import {
 public:
  // `type`: of all lines; nullopt if each line names its own.
  Import(const Call& call, std::optional<std::string> type, bool is_whole, Unit unit)
      : call_(call), session_(call.session()), type_(std::move(type)), is_whole_(is_whole), unit_(unit) {}

  std::size_t run(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      line = without_byte_order_mark(line);
      if (!is_blank_line(line)) add(line);
      ++line_;
    }
    write();
    return done_;
  }

 private:
  void add(std::string_view line) {
    try {
      rows_.push_back(row_of(line, is_whole_));
      if (!type_ && !rows_.back().type) throw Error(ErrorCode::invalid_data, "it needs `type`");
      if (type_ && rows_.back().type.value_or(*type_) != *type_)
        throw Error(ErrorCode::invalid_data, "the line is of another type than the path names");
      if (type_) rows_.back().type = type_;
    } catch (const Error& error) {
      refuse(error, line_);
    } catch (const Refusal& refusal) {
      refuse(Error(ErrorCode::invalid_data, refusal.what()), line_);
    }
    lines_.push_back(line_);
    bytes_ += line.size();
    values_ += number_of_values(rows_.back().data);
    if (values_ > most_values)
      refuse(Error(ErrorCode::invalid_data, "the rows up to this one hold more than " + std::to_string(most_values) +
                                                " values, the most of one commit; divide the import"),
             line_);
    const bool is_full = rows_.size() == batch_rows || bytes_ > batch_bytes || values_ > most_values / 2;
    if (unit_ == Unit::batch && is_full) write();
    if (rows_.size() > most_rows_written)
      refuse(Error(ErrorCode::invalid_data,
                   "one import is at most " + std::to_string(most_rows_written) + " entities; divide it"),
             line_);
  }

  void write() {
    if (rows_.empty()) return;
    try {
      session_.entities(*rows_.front().type).import_all(rows_);
    } catch (const Error& error) {
      const std::size_t line = lines_.at(error.index().value_or(0));
      if (unit_ == Unit::whole) throw error.at(line);
      refuse(error, line);
    }
    call_.note_written();
    done_ += rows_.size();
    rows_.clear();
    lines_.clear();
    bytes_ = values_ = 0;
  }

  [[noreturn]] void refuse(const Error& error, std::size_t line) const {
    std::string message = "line " + std::to_string(line + 1) + ": " + error.what();
    if (unit_ == Unit::batch) message += " (" + std::to_string(done_) + " entities were imported before its batch)";
    throw error.with_message(message).at(line);
  }

  const Call& call_;
  Session session_;
  std::optional<std::string> type_;
  bool is_whole_;
  Unit unit_;
  std::size_t line_ = 0, done_ = 0, bytes_ = 0, values_ = 0;
  std::vector<ImportedRow> rows_;
  std::vector<std::size_t> lines_;
};

Response import_rows(const Call& call) {
  Import import(call, call.path("type"), call.flag("whole"), Unit::batch);
  return json_response({{"imported", import.run(call.request().body)}});
}

Response import_at_once(const Call& call) {
  Import import(call, std::nullopt, true, Unit::whole);
  return json_response({{"imported", import.run(call.request().body)}});
}

}  // namespace

void add_transfer_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/entities/{type}/export",
                    .summary = "All entities that the actor sees, oldest first, one a line",
                    .handler = export_rows,
                    .parameters = {{"status", "Only entities of this status"}},
                    .answer = "Entity",
                    .answer_type = "application/x-ndjson"});
  routes.push_back(
      {.method = Method::post,
       .pattern = "/v1/entities/{type}/import",
       .summary = "Creates an entity of each line, in batches of 1000; a problem names the line as its `index`",
       .handler = import_rows,
       .lane = Lane::write,
       .parameters = {{"whole", "Each line is a whole entity, as the export has it, instead of its data", "boolean"}},
       .request = "Line",
       .answer = "Imported",
       .request_type = "application/x-ndjson",
       .body_bytes = import_bytes,
       .idempotency = Idempotency::in_process});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/import",
                    .summary =
                        "Creates an entity of each line, of any types, in one commit, or none of them; references "
                        "may come in any order",
                    .handler = import_at_once,
                    .lane = Lane::write,
                    .request = "WholeLine",
                    .answer = "Imported",
                    .request_type = "application/x-ndjson",
                    .body_bytes = import_bytes,
                    .idempotency = Idempotency::in_process});
}

}  // namespace struere::server
