// Agents are shared by both environments; each has a configuration of its own, or none.
import { api, items_of, path_of } from "./client.js";

const nothing_if_missing = (failure) => {
  if (failure.is_missing) return undefined;
  throw failure;
};

export async function read_agents(signal) {
  const agents = items_of(await api.get("/v1/agents", { signal }));
  return Promise.all(agents.map(async (agent) => ({ ...agent, config: await api.get(path_of("agents", agent.slug, "config"), { signal }).catch(nothing_if_missing) })));
}

export const read_history = (slug, environment, signal) =>
  api.get(path_of("agents", slug, "config", "history"), { signal, environment }).then(items_of, (failure) => nothing_if_missing(failure) ?? []);
