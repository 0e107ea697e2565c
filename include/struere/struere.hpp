// All of struere, from the ground up. Start at repository/database.hpp.
#pragma once

// core: environments, scopes, ids, errors, JSON
#include "struere/core/clock.hpp"
#include "struere/core/environment.hpp"
#include "struere/core/error.hpp"
#include "struere/core/field_path.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"
#include "struere/core/scope.hpp"
// model: the records
#include "struere/model/action.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/agent.hpp"
#include "struere/model/api_key.hpp"
#include "struere/model/entity.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/event.hpp"
#include "struere/model/execution.hpp"
#include "struere/model/installed_pack.hpp"
#include "struere/model/organization.hpp"
#include "struere/model/release.hpp"
#include "struere/model/role.hpp"
#include "struere/model/thread.hpp"
#include "struere/model/trigger.hpp"
// query: what a storage is asked
#include "struere/query/query.hpp"
// access: what an actor may do, and why
#include "struere/access/definition.hpp"
#include "struere/access/explanation.hpp"
#include "struere/access/policy.hpp"
// storage: where the data is
#include "struere/storage/memory.hpp"
#include "struere/storage/sqlite.hpp"
#include "struere/storage/storage.hpp"
// actor: who asks
#include "struere/actor/authentication.hpp"
#include "struere/actor/trusted_host.hpp"
// repository: the face
#include "struere/repository/agent_repository.hpp"
#include "struere/repository/api_key_repository.hpp"
#include "struere/repository/database.hpp"
#include "struere/repository/definition_repository.hpp"
#include "struere/repository/entity_repository.hpp"
#include "struere/repository/event_repository.hpp"
#include "struere/repository/execution_repository.hpp"
#include "struere/repository/pack_repository.hpp"
#include "struere/repository/relation_repository.hpp"
#include "struere/repository/thread_repository.hpp"
#include "struere/repository/trigger_repository.hpp"
// lifecycle: what happens over time
#include "struere/lifecycle/adoption.hpp"
#include "struere/lifecycle/backup.hpp"
#include "struere/lifecycle/doctor.hpp"
#include "struere/lifecycle/trigger_worker.hpp"
