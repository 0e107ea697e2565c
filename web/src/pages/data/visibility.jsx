// "Who can see this?": explain's answer for every actor, for one row and, if asked, one of its fields.
import { useState } from "preact/hooks";
import { api } from "../../api/client.js";
import { actor_kinds, read_actors } from "../../app/actors.js";
import { Link, set_parameters, useRoute } from "../../app/router.jsx";
import { Badge, Button, Known, plural, Select } from "../../kit/basic.jsx";
import { leaves_of } from "../../kit/json.jsx";
import { useResource } from "../../kit/resource.js";
import { ExplainDrawer } from "../view_as/explain.jsx";

const most = 60; // actors whose answer is asked for at once

// Four questions at a time, so that a long list does not fill the server's queue.
async function explained(actors, type, id, signal) {
  const out = new Array(actors.length);
  let next = 0;
  const work = async () => {
    while (next < actors.length) {
      const at = next++;
      const body = { about: actors[at].actor, action: "read", resource: type.slug, id };
      out[at] = { ...actors[at], explanation: await api.post("/v1/explain", body, { signal }).catch((failure) => {
        if (failure.name === "AbortError") throw failure;
        return { failure };
      }) };
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return out;
}

export function Visibility({ type, row }) {
  const { parameters } = useRoute();
  const [why, set_why] = useState(null);
  const found = useResource(`visibility ${row.id} ${row.version}`, async (signal) => explained((await read_actors(signal)).slice(0, most), type, row.id, signal));
  const paths = leaves_of(row.data, "data").map(([path]) => path);
  return (
    <div class="stack">
      <div class="row wrap">
        <span>Field</span>
        <Select small fit aria-label="Field" value={parameters.field ?? ""} onChange={(event) => set_parameters({ field: event.currentTarget.value || undefined })} options={[["", "the whole row"], ...paths.map((path) => [path, path.replace(/^data\./, "")])]} />
        <Link class="button small push" to="/view-as" parameters={{ type: type.slug, where: JSON.stringify([{ field: "id", operator: "eq", value: row.id }]) }}>View this row as…</Link>
      </div>
      <Known of={found}>
        {(list) => (<>
          {list.length === most && <p class="small muted">The first {most} actors. The page View as takes the id of any other.</p>}
          <div class="table-box" tabIndex={0} role="region" aria-label="Who sees this row">
            <table>
              <thead><tr><th scope="col">who</th><th scope="col">kind</th><th scope="col">{parameters.field ? parameters.field.replace(/^data\./, "") : "row"}</th><th scope="col">masked fields</th><th scope="col"><span class="visually-hidden">why</span></th></tr></thead>
              <tbody>
                {list.map((one) => <Seen key={one.actor} one={one} field={parameters.field} why={() => set_why(one)} />)}
              </tbody>
            </table>
          </div>
        </>)}
      </Known>
      {why && <ExplainDrawer about={why.actor} actors={found.data} type={type} id={row.id} field={parameters.field && { path: parameters.field }} first_action="read" close={() => set_why(null)} />}
    </div>
  );
}

function Seen({ one, field, why }) {
  const { explanation } = one;
  const masked = (explanation.fields ?? []).filter((leaf) => leaf.treatment !== "clear");
  const is_admitted = explanation.allowed && explanation.row === "admitted";
  const leaf = field && explanation.fields?.find((other) => other.path === field);
  const treatment = explanation.failure ? "unknown" : !is_admitted ? "refused" : (leaf?.treatment ?? (field && !leaf ? "hidden" : "visible"));
  const kind = { refused: "bad", hidden: "see", redacted: "see", unknown: "warn" }[treatment] ?? "good";
  return (
    <tr>
      <td><Link to="/view-as" parameters={{ as: one.actor }}>{one.name}</Link> <span class="muted small">{one.note}</span></td>
      <td>{actor_kinds[one.kind]}</td>
      <td><Badge kind={kind}>{treatment === "clear" ? "visible" : treatment}</Badge></td>
      <td>{!is_admitted ? <span class="muted">–</span> : masked.length === 0 ? <span class="muted">none</span> : <span class="small" title={masked.map((leaf) => leaf.path).join(", ")}>{plural(masked.length, "field")}: {masked.slice(0, 3).map((leaf) => leaf.path.replace(/^data\./, "")).join(", ")}{masked.length > 3 ? "…" : ""}</span>}</td>
      <td><Button small kind="quiet" onClick={why}>Why?</Button></td>
    </tr>
  );
}
