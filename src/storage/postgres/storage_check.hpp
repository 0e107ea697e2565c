// What is wrong with a database, in words (Storage::check).
#pragma once

#include <functional>
#include <memory>

#include "storage/postgres/work.hpp"
#include "struere/model/storage_report.hpp"

namespace struere::postgres {

// `begin` begins a transaction that reads.
StorageReport check_storage(const std::function<std::shared_ptr<Work>()>& begin);

}  // namespace struere::postgres
