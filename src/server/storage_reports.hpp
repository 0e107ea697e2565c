// The state of the storage, for the org admins who ask for the health of their organization. Checking a storage reads
// all of it, of all organizations, so it is checked at most once in ten minutes, whoever asks how often.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>

#include "struere/repository/database.hpp"

namespace struere::server {

// Safe to use from several threads.
class StorageReports {
 public:
  // The last report, or a new one if that is ten minutes old. Throws Refusal{429} while another request makes the first
  // report: waiting for it would take a thread from all readers.
  std::shared_ptr<const StorageReport> current(const Database& database);

 private:
  std::mutex mutex_;
  bool is_checking_ = false;
  std::shared_ptr<const StorageReport> report_;
  std::chrono::steady_clock::time_point made_;
};

}  // namespace struere::server
