// Packs of this environment: what is installed, in which version, what was changed about it, and how that changes.
import { useRef, useState } from "preact/hooks";
import { api, items_of } from "../api/client.js";
import { current_environment, environments, environment_name } from "../app/environment.js";
import { Badge, Button, Card, Command, Empty, Known, Page, Time } from "../kit/basic.jsx";
import { CopyAs } from "../kit/copy_as.jsx";
import { JsonView } from "../kit/json.jsx";
import { useResource } from "../kit/resource.js";
import { toast } from "../kit/toast.jsx";
import { PackChange } from "./pack_change.jsx";

export function PacksPage() {
  const here = current_environment();
  const packs = useResource("packs", async (signal) => {
    const [development, production] = await Promise.all(environments.map(async (environment) => items_of(await api.get("/v1/packs", { signal, environment }))));
    return { development, production };
  });
  const [change, set_change] = useState(null);
  const begin = (pack) => set_change({ request: { action: packs.data[here].some((one) => one.id === pack.id) ? "upgrade" : "install", pack }, name: pack.id });
  return (
    <Page title="Packs" lead="Definitions that are made once and installed by many, with what their versions make of data. Each environment has its own installation."
      actions={<><CopyAs call={{ path: "/v1/packs", cpp: "for (const InstalledPack& pack : Packs(session).list()) …;", cli: "packs list" }} />{packs.data && <PackFile take={begin} />}</>}>
      <Known of={packs}>
        {(both) => both[here].length === 0 ? (
          <Empty icon="pack" title={`There is no pack in ${here}`}><p>Install one in development, look at it, then install it in production.</p><Command>{`struere packs install FOLDER -e ${here}`}</Command></Empty>
        ) : (
          <div class="stack">{both[here].map((pack) => <InstalledPack key={pack.id} pack={pack} both={both} here={here} change={(action) => set_change({ request: { action, id: pack.id }, name: pack.id })} />)}</div>
        )}
      </Known>
      {change && <PackChange {...change} close={() => set_change(null)} done={packs.reload} />}
    </Page>
  );
}

function InstalledPack({ pack, both, here, change }) {
  const other_name = here === "production" ? "development" : "production";
  const other = both[other_name].find((one) => one.id === pack.id);
  return (
    <Card flush title={<span class="row wrap">{pack.name ?? pack.id}<Badge kind={here}>{pack.version}</Badge></span>}
      aside={<span class="row wrap muted small">{environment_name[other_name]}: {other ? <Badge kind={other.version === pack.version ? "" : "warn"}>{other.version}</Badge> : "not installed"}</span>}
      footer={<div class="row wrap"><Button small onClick={() => change("repair")}>Repair…</Button><Button small onClick={() => change("customize")}>Customize…</Button>
        <Button small kind="quiet danger" onClick={() => change("uninstall")}>Uninstall…</Button></div>}>
      <dl class="lines">
        <dt>id</dt><dd class="mono">{pack.id}</dd>
        <dt>versions</dt><dd>{(pack.history ?? []).map((one) => (typeof one === "string" ? one : (one.version ?? one.to))).filter(Boolean).join(" → ") || pack.version}</dd>
        <dt>installed</dt><dd><Time ms={pack.installedAt} /></dd>
        <dt>customized</dt><dd>{Object.keys(pack.overrides ?? {}).length > 0 ? <Badge>{Object.keys(pack.overrides).length} of its definitions</Badge> : <span class="muted">as shipped</span>}</dd>
      </dl>
      <details class="body"><summary class="small muted">Everything that is recorded</summary><JsonView value={pack} /></details>
    </Card>
  );
}

// A pack as one JSON file: pack.yaml as JSON, with its definitions (docs/http.md, PackRequest).
function PackFile({ take }) {
  const input = useRef();
  const read = async (event) => {
    const [file] = event.currentTarget.files;
    event.currentTarget.value = "";
    if (!file) return;
    try {
      const pack = JSON.parse(await file.text());
      if (typeof pack?.id !== "string") throw new Error("it has no `id`");
      take(pack);
    } catch (failure) {
      toast(`${file.name} is not a pack as JSON: ${failure.message}`, "bad");
    }
  };
  return (
    <>
      <input ref={input} type="file" accept=".json,application/json" class="visually-hidden" aria-label="A pack as a JSON file" tabIndex={-1} onChange={read} />
      <Button icon="plus" onClick={() => input.current.click()}>Install a pack…</Button>
    </>
  );
}
