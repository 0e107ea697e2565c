// The reasons why an actor may or may not: explain's answer as cards, and in its own words.
import { useState } from "preact/hooks";
import { api } from "../../api/client.js";
import { words_of_actor } from "../../app/actors.js";
import { Link, page_path } from "../../app/router.jsx";
import { Badge, Button, copy_text, Known, Select } from "../../kit/basic.jsx";
import { CopyAs, literal, quoted } from "../../kit/copy_as.jsx";
import { Dialog } from "../../kit/dialog.jsx";
import { useResource } from "../../kit/resource.js";
import { short_id } from "../../kit/rows.jsx";
import { words_of_condition } from "../data/query.js";

const about_cpp = (about) => {
  const [kind, ...rest] = about.split(":");
  const value = rest.join(":");
  if (kind === "roles") return `{.roles = {{${value.split(",").map(literal).join(", ")}}}}`;
  return `{.${kind} = ${{ user: "UserId", key: "ApiKeyId", agent: "AgentId" }[kind] ?? "UserId"}(${literal(value)})}`;
};

export function ExplainDrawer({ about, actors, type, id, field, close, first_action = "list" }) {
  const [action, set_action] = useState(first_action);
  const body = { about, action, resource: type.slug, id };
  const found = useResource(`explain|${JSON.stringify(body)}`, (signal) => api.post("/v1/explain", body, { signal }));
  const cli = about.startsWith("user:") && ["explain", action, quoted(type.slug), id && quoted(id), `--as ${quoted(about.slice(5))}`].filter(Boolean).join(" ");
  return (
    <Dialog kind="drawer" title="Why?" badges={<Badge kind="see">{words_of_actor(about, actors)}</Badge>} close={close}>
      <div class="row wrap">
        <span>May they</span>
        <Select small fit aria-label="Action" value={action} onChange={(event) => set_action(event.currentTarget.value)} options={["list", "read", "update", "delete", "create"]} />
        <span>{type.slug} {id && <Link class="identifier" to={page_path("data", type.slug, id)} onClick={close}>{short_id(id)}</Link>}</span>
        <span class="push"><CopyAs call={{ method: "POST", path: "/v1/explain", body, cli, cpp: `const Session about = session.impersonate(${about_cpp(about)});\nstd::cout << session.explain(about, Action::${action === "delete" ? "remove" : action}, ${literal(type.slug)}${id ? `, EntityId(${literal(id)})` : ""}).text();` }} /></span>
      </div>
      <Known of={found} lines={6}>{(explanation) => <Reasons explanation={explanation} field={field} />}</Known>
    </Dialog>
  );
}

export function Reasons({ explanation, field }) {
  const fields = (explanation.fields ?? []).filter((one) => one.treatment !== "clear");
  const asked = field && explanation.fields?.find((one) => one.path === field.path);
  const is_refused = explanation.row === "refused" || explanation.row === "not there";
  const is_yes = explanation.allowed && !is_refused;
  return (
    <div class="stack">
      <div class={`callout ${is_yes ? "good" : "bad"}`}>
        <div class="words"><b>{!explanation.allowed ? "Denied by policy." : explanation.row === "not there" ? "There is no such row." : explanation.row === "refused" ? "The row is refused." : explanation.row ? "The row is admitted." : "Allowed by policy."}</b> {explanation.reason}</div>
      </div>
      {asked && asked.treatment !== "clear" && (
        <div class="callout see"><div class="words"><b><code>{asked.path}</code> is {asked.treatment}</b> by {asked.by || "the fields that are listed as visible"}.</div></div>
      )}
      {(explanation.grants ?? []).length > 0 && (
        <section class="reasons"><h3>Grants: one of them has to admit the row</h3>
          {explanation.grants.map((grant) => <Grant key={grant.role} grant={grant} />)}
        </section>
      )}
      {fields.length > 0 && (
        <section class="stack tight"><h3>Masked fields of this row</h3>
          <ul class="stack tight">{fields.map((one) => (
            <li class="row wrap" key={one.path}><code>{one.path}</code><Badge kind="see">{one.treatment}</Badge><span class="muted small">{one.by}</span></li>
          ))}</ul>
        </section>
      )}
      <section class="reasons"><h3>Policies that match</h3>
        {(explanation.policies ?? []).length === 0 && <p class="muted">No role of this actor has a policy for this action and type. Without an allow the answer is no.</p>}
        {(explanation.policies ?? []).map((policy, i) => (
          <div key={i} class={`reason ${policy.effect === "deny" ? "no" : "yes"}`}>
            <Link to={page_path("access", "roles", policy.role)}>{policy.role}</Link> {policy.effect === "deny" ? "denies" : "allows"} <b>{[policy.action ?? "*"].flat().join(", ")}</b> on <code>{policy.resource}</code>
          </div>
        ))}
      </section>
      {explanation.text && (
        <section class="stack tight"><div class="row"><h3>In words</h3><span class="push"><Button small kind="quiet" icon="copy" label="Copy the explanation" onClick={() => copy_text(explanation.text)} /></span></div>
          <pre class="explain-text" tabIndex={0}>{explanation.text}</pre></section>
      )}
    </div>
  );
}

function Grant({ grant }) {
  return (
    <div class={`reason ${grant.admits ? "yes" : "no"}`}>
      <div class="row wrap"><Link to={page_path("access", "roles", grant.role)}>{grant.role}</Link>
        <Badge kind={grant.admits ? "good" : "bad"}>{grant.broken ? "void: a rule cannot be read" : grant.admits ? "admits it" : "does not admit it"}</Badge></div>
      {(grant.rules ?? []).length === 0 && !grant.broken && <p class="muted small">No rule for this type: all rows.</p>}
      {(grant.rules ?? []).map((rule, i) => (
        <div class="rule" key={i}>
          <span class={rule.holds ? "good" : "bad"} aria-hidden="true">{rule.holds ? "✓" : "✗"}</span>
          <span><b>{words_of_condition(rule.rule)}</b> <span class="visually-hidden">{rule.holds ? "holds" : "does not hold"}</span><br /><span class="muted small">{rule.compared}</span></span>
        </div>
      ))}
    </div>
  );
}
