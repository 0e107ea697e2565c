// The policies, rules and masks of a role in words, for one type or for all.
import { Badge } from "../../kit/basic.jsx";
import { words_of_condition } from "../data/query.js";
import { grouped, masks_of, policies_of, rules_of, words_of_mask, words_of_policy } from "./powers.js";

function Part({ title, items, none, words, kind, is_inner }) {
  return (
    <section class="stack tight">
      {is_inner ? <h3>{title}</h3> : <h2>{title}</h2>}
      {items.length === 0 ? <p class="muted small">{none}</p> : (
        <ul class="reasons">
          {items.map((item, i) => (
            <li key={i} class={`reason ${kind?.(item) ?? ""}`}>
              <div class="row wrap">{item.entityType && <Badge>{item.entityType}</Badge>}<span class="wrap-anywhere">{words(item)}</span></div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function RoleRules({ role, slug }) {
  const is_inner = slug !== undefined;
  const policies = slug ? policies_of(role, slug) : (role.policies ?? []);
  const rules = slug ? rules_of(role, slug) : (role.scopeRules ?? []);
  return (
    <div class="stack wide">
      <Part is_inner={is_inner} title="Policies" items={grouped(policies)} words={words_of_policy} none="No policy: the role may do nothing here." kind={(policy) => (policy.effect === "deny" ? "no" : "yes")} />
      <Part is_inner={is_inner} title="Rules: a row has to agree with all of its type" items={rules} words={words_of_condition} none="No rule: all rows that a policy allows." />
      <Part is_inner={is_inner} title="Masks" items={masks_of(role, slug)} words={words_of_mask} none="No mask: all fields of those rows." />
    </div>
  );
}
