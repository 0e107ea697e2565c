// What a role's definition says, by type and action (SPEC 3 to 5). For showing only: the server decides.

export const actions = ["create", "read", "update", "delete", "list"];
export const letters = { create: "C", read: "R", update: "U", delete: "D", list: "L" };
export const words_of_power = { allow: "all rows", rule: "rows of its rules", deny: "denied", none: "not allowed" };

const names = (list, word) => [list].flat().some((one) => one === "*" || one === word);
const actions_of = (policy) => policy.actions ?? policy.action ?? [];

export const policies_of = (role, slug, action) =>
  (role.policies ?? []).filter((policy) => names(policy.resource, slug) && (!action || names(actions_of(policy), action)));
export const rules_of = (role, slug) => (role.scopeRules ?? []).filter((rule) => rule.entityType === slug);

export function masks_of(role, slug) {
  const masks = (role.fieldMasks ?? []).filter((mask) => !slug || mask.entityType === slug);
  const lists = (role.visibleFields ?? []).filter((list) => !slug || list.entityType === slug);
  return [...masks, ...lists];
}

export function power_of(role, slug, action) {
  const policies = policies_of(role, slug, action);
  if (policies.some((policy) => policy.effect === "deny")) return "deny";
  if (!policies.some((policy) => policy.effect === "allow")) return "none";
  return rules_of(role, slug).length > 0 ? "rule" : "allow";
}

// The stored form has one policy for each action; those of one type and effect are shown as one.
export function grouped(policies) {
  const groups = new Map();
  for (const policy of policies) {
    const key = `${policy.effect} ${policy.resource}`;
    const known = groups.get(key) ?? { ...policy, actions: [] };
    known.actions = [...new Set([...known.actions, ...[actions_of(policy)].flat()])];
    groups.set(key, known);
  }
  return [...groups.values()];
}

export const words_of_policy = (policy) => `${policy.effect === "deny" ? "denies" : "allows"} ${[actions_of(policy)].flat().map((one) => (one === "*" ? "everything" : one)).join(", ")} on ${policy.resource === "*" ? "every type" : policy.resource}`;

export function words_of_mask(mask) {
  if (mask.fields) return `shows only ${mask.fields.map((path) => path.replace(/^data\./, "")).join(", ")}`;
  const field = mask.fieldPath.replace(/^data\./, "");
  if (mask.maskType === "hide") return `hides ${field}`;
  const keep = mask.maskConfig?.keepLast;
  return keep ? `shows the last ${keep} characters of ${field}` : `replaces ${field} by ${JSON.stringify(mask.maskConfig?.replacement ?? "[redacted]")}`;
}
