// Actors as the header Struere-View-As names them: `user:ID`, `agent:SLUG`, `key:ID`, `roles:a,b`.
import { read_agents } from "../api/agents.js";
import { api, items_of } from "../api/client.js";

export const actor_kinds = { user: "User", agent: "Agent", key: "API key", roles: "Role" };

export function words_of_actor(actor, actors) {
  const [kind, ...rest] = actor.split(":");
  const known = actors?.find((one) => one.actor === actor);
  return `${(actor_kinds[kind] ?? kind).toLowerCase()} ${known?.name ?? rest.join(":").replaceAll(",", ", ")}`;
}

// Of members and of keys; others are named by their id.
export const most_actors = 200;

// Everybody that a view can be taken of, in this environment. A kind that may not be read is left out.
export async function read_actors(signal) {
  const if_allowed = (reading) => reading.catch((failure) => {
    if (!failure.is_denied) throw failure;
    return [];
  });
  const read = (path, parameters) => if_allowed(api.get(path, { signal, parameters }).then(items_of));
  const first = { limit: most_actors };
  const [members, keys, roles, agents] = await Promise.all([read("/v1/members", first), read("/v1/keys", first), read("/v1/roles"), if_allowed(read_agents(signal))]);
  const now = Date.now();
  return [
    ...members.map((one) => ({ kind: "user", actor: `user:${one.id}`, name: one.name ?? one.id, note: one.membership === "admin" ? "org admin: sees everything" : (one.roles ?? []).join(", ") || "no roles here" })),
    ...roles.map((one) => ({ kind: "roles", actor: `roles:${one.name}`, name: one.name, note: "anyone with only this role" })),
    ...keys.filter((one) => !one.revokedAt && !one.endedWithMaker && !(one.expiresAt < now)).map((one) => ({ kind: "key", actor: `key:${one.id}`, name: one.name, note: (one.roles ?? []).join(", ") || "no roles" })),
    ...agents.filter((one) => one.config).map((one) => ({ kind: "agent", actor: `agent:${one.slug}`, name: one.slug, note: (one.config.roles ?? []).join(", ") || "no roles here" })),
  ];
}
