// Tries the rules of a role that is being edited on real rows, before it is saved. Rules about the actor are tried for
// one user; those that follow relations cannot be written as a filter, and the page says so.
import { useId, useState } from "preact/hooks";
import { api, items_of, path_of } from "../../api/client.js";
import { Badge, Button, Failure, Field, plural, Select } from "../../kit/basic.jsx";
import { useAction } from "../../kit/resource.js";
import { EntityLine } from "../data/relations.jsx";
import { rules_of } from "./powers.js";

class Untried extends Error {
  is_expected = true;
}

// A rule as a condition of a query (SPEC 4): the actor's values are filled in.
function condition_of(rule, user) {
  const { entityType: _, ...node } = rule;
  if (node.any) return { any: node.any.map((inner) => condition_of(inner, user)) };
  if (node.all) return { all: node.all.map((inner) => condition_of(inner, user)) };
  if (node.relationPath) throw new Untried(`it follows ${node.relationPath}`);
  const { value } = node;
  if (typeof value !== "string") return node;
  if (value === "actor.userId") {
    if (!user) throw new Untried("it needs a user: write an id");
    return { ...node, value: user };
  }
  if (value.startsWith("actor.")) throw new Untried(`it needs ${value}`);
  return { ...node, value: value.startsWith("literal:") ? value.slice(8) : value };
}

export function TryRules({ role }) {
  const slugs = [...new Set((role.scopeRules ?? []).map((rule) => rule.entityType).filter(Boolean))];
  const [slug, set_slug] = useState(slugs[0]);
  const [user, set_user] = useState("");
  const [found, set_found] = useState(null);
  const id = useId();
  const chosen = slugs.includes(slug) ? slug : slugs[0];
  const action = useAction(async () => {
    set_found(null);
    const where = rules_of(role, chosen).map((rule) => condition_of(rule, user.trim()));
    const [page, count, all] = await Promise.all([
      api.post(path_of("entities", chosen, "query"), { where, limit: 5 }),
      api.post(path_of("entities", chosen, "count"), { where }),
      api.post(path_of("entities", chosen, "count"), {}),
    ]);
    set_found({ items: items_of(page), count: count.count, all: all.count });
    return true;
  });
  if (slugs.length === 0) return null;
  return (
    <section class="card"><div class="body stack">
      <h3>Try the rules on the rows of this environment</h3>
      <div class="row wrap">
        <Field id={`${id}-type`} label="Type"><Select id={`${id}-type`} small fit value={chosen} onChange={(event) => set_slug(event.currentTarget.value)} options={slugs} /></Field>
        <Field id={`${id}-user`} label="As the user"><input id={`${id}-user`} class="input small mono" placeholder="id, for actor.userId" value={user} onInput={(event) => set_user(event.currentTarget.value)} /></Field>
        <Button onClick={action.run} disabled={action.is_busy}>Try</Button>
      </div>
      {action.failure && (action.failure instanceof Untried ? <p class="warn">These rules cannot be tried as a filter: {action.failure.message}. Save them in development, then use View as.</p> : <Failure failure={action.failure} />)}
      {found && (
        <div class="stack tight" role="status">
          <div class="row wrap"><Badge kind={found.count > 0 ? "good" : "warn"}>{found.count} of {plural(found.all, "row")} admitted</Badge></div>
          <ul class="stack tight">{found.items.map((entity) => <EntityLine key={entity.id} entity={entity} />)}</ul>
        </div>
      )}
    </div></section>
  );
}
