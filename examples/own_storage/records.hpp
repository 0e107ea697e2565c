// The records of one table in memory: the rules of struere/spi/record.hpp, row by row.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "struere/spi/record.hpp"

using Rows = std::map<std::vector<struere::RecordValue>, struere::Record>;  // by the values of the key
using Tables = std::map<struere::RecordTable, Rows>;

bool insert_row(Rows& rows, const struere::RecordShape& shape, const struere::Record& record);
std::int64_t update_rows(Rows& rows, const struere::RecordShape& shape,
                         const std::vector<struere::RecordCondition>& where, const struere::RecordChanges& changes);
std::int64_t remove_rows(Rows& rows, const struere::RecordShape& shape,
                         const std::vector<struere::RecordCondition>& where);
std::vector<struere::Record> select_rows(const Rows& rows, const struere::RecordSelection& selection);
std::vector<struere::RecordGroup> sum_rows(const Rows& rows, const struere::RecordRollup& rollup);
