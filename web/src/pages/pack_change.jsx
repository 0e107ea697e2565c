// A change of one pack: its plan first, then carried out if the environment is still as it was.
import { useState } from "preact/hooks";
import { api } from "../api/client.js";
import { current_environment } from "../app/environment.js";
import { Known, plural, Select } from "../kit/basic.jsx";
import { Confirm } from "../kit/dialog.jsx";
import { Icon } from "../kit/icons.jsx";
import { brief } from "../kit/json.jsx";
import { useResource } from "../kit/resource.js";
import { toast } from "../kit/toast.jsx";
import { option_for, Options, Plan } from "./releases.jsx";

const words = {
  install: { verb: "Install", done: "Installed", empty: "There is nothing to install." },
  upgrade: { verb: "Upgrade", done: "Upgraded", empty: "There is nothing to upgrade." },
  repair: { verb: "Repair", done: "Repaired", lead: "Its definitions are set back to what was installed, with the customizations.", empty: "It is as installed." },
  customize: { verb: "Customize", done: "Customized", lead: "What was changed since the installation is kept, also by upgrades.", empty: "Nothing of it was changed." },
  uninstall: { verb: "Uninstall", done: "Uninstalled", lead: "Its definitions are removed." },
};

// `request` is {action, pack} or {action, id} as POST /v1/packs/plan takes it.
export function PackChange({ request, name, close, done }) {
  const [chosen, set_chosen] = useState({});
  const here = current_environment();
  const { verb, done: finished, lead, empty } = words[request.action];
  const body = { ...request, options: chosen };
  const plan = useResource(`pack ${request.action} ${name}|${JSON.stringify(chosen)}`, (signal) => api.post("/v1/packs/plan", body, { signal }));
  const known = plan.data;
  const is_empty = known && !known.changesRecord && known.changes.length === 0 && Object.keys(known.entities).length === 0;
  const blocked = !known || is_empty || known.conflicts.length > 0 || known.obstacles.length > 0;
  return (
    <Confirm title={`${verb} ${name} in ${here}?`} name={name} verb={verb} danger={request.action === "uninstall"} blocked={blocked} close={close} act={async () => {
      await api.post("/v1/packs/apply", { ...body, base: known.base });
      toast(`${finished} ${name}`, "good");
      done();
      return true;
    }}>
      {lead && <p>{lead}</p>}
      <Known of={plan} lines={3}>{(found) => is_empty && empty ? <p>{empty}</p> : (
        <>
          <Plan plan={found} />
          <Entities plan={found} />
          <Conflicts plan={found} chosen={chosen} change={set_chosen} />
          {request.action === "uninstall" && found.obstacles.some((one) => option_for(one) === null) && (
            <label class="check"><input type="checkbox" checked={Boolean(chosen.removeEntities)} onChange={(event) => set_chosen({ ...chosen, removeEntities: event.currentTarget.checked })} />Remove the rows of its types too</label>
          )}
          {request.action === "install" && <label class="check"><input type="checkbox" checked={Boolean(chosen.takeOver)} onChange={(event) => set_chosen({ ...chosen, takeOver: event.currentTarget.checked })} />Take over definitions of the same names that belong to no pack</label>}
          <Options plan={found} chosen={chosen} change={set_chosen} />
        </>
      )}</Known>
    </Confirm>
  );
}

function Entities({ plan }) {
  const entries = Object.entries(plan.entities);
  if (entries.length === 0 && plan.keptTypes.length === 0) return null;
  const removes = plan.action === "uninstall";
  return (
    <ul class="change-list">
      {entries.map(([type, count]) => <li key={type}>{removes ? "Removes" : "Rewrites"} {plural(count, "row")} of {type}.</li>)}
      {plan.keptTypes.map((type) => <li key={type}>{type} stays, because it has had rows, and then belongs to no pack.</li>)}
    </ul>
  );
}

function Conflicts({ plan, chosen, change }) {
  if (plan.conflicts.length === 0 && !chosen.prefer) return null;
  return (
    <div class="stack tight">
      {plan.conflicts.map((one) => (
        <div class="callout warn" key={one.place}><Icon name="warning" /><div class="words"><b class="mono wrap-anywhere">{one.place}</b> was changed here and in the pack
          <div class="muted small mono wrap-anywhere">ours: {brief(one.ours ?? null, 120)} · theirs: {brief(one.theirs ?? null, 120)}</div></div></div>
      ))}
      <Select fit aria-label="Which change wins" value={chosen.prefer ?? ""} onChange={(event) => change({ ...chosen, prefer: event.currentTarget.value || undefined })}
        options={[["", "decide which change wins…"], ["ours", "what was changed here"], ["theirs", "what the pack changed"]]} />
    </div>
  );
}
