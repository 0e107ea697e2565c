// Packs of this environment: what is installed, in which version, and what was changed about it.
import { api, items_of } from "../api/client.js";
import { current_environment, environments, environment_name } from "../app/environment.js";
import { Badge, Card, Command, Empty, Known, Page, Time } from "../kit/basic.jsx";
import { CopyAs } from "../kit/copy_as.jsx";
import { JsonView } from "../kit/json.jsx";
import { useResource } from "../kit/resource.js";

export function PacksPage() {
  const here = current_environment();
  const packs = useResource("packs", async (signal) => {
    const [development, production] = await Promise.all(environments.map(async (environment) => items_of(await api.get("/v1/packs", { signal, environment }))));
    return { development, production };
  });
  return (
    <Page title="Packs" lead="Definitions that are made once and installed by many, with what their versions make of data. Each environment has its own installation."
      actions={<CopyAs call={{ path: "/v1/packs", cpp: "for (const InstalledPack& pack : Packs(session).list()) …;", cli: "packs list" }} />}>
      <Known of={packs}>
        {(both) => both[here].length === 0 ? (
          <Empty icon="pack" title={`There is no pack in ${here}`}><p>Install one in development, look at it, then install it in production.</p><Command>{`struere packs install FOLDER -e ${here}`}</Command></Empty>
        ) : (
          <div class="stack">{both[here].map((pack) => {
            const other_name = here === "production" ? "development" : "production";
            const other = both[other_name].find((one) => one.id === pack.id);
            return (
              <Card key={pack.id} flush title={<span class="row wrap">{pack.name ?? pack.id}<Badge kind={here}>{pack.version}</Badge></span>}
                aside={<span class="row wrap muted small">{environment_name[other_name]}: {other ? <Badge kind={other.version === pack.version ? "" : "warn"}>{other.version}</Badge> : "not installed"}</span>}>
                <dl class="lines">
                  <dt>id</dt><dd class="mono">{pack.id}</dd>
                  <dt>versions</dt><dd>{(pack.history ?? []).map((one) => (typeof one === "string" ? one : (one.version ?? one.to))).filter(Boolean).join(" → ") || pack.version}</dd>
                  <dt>installed</dt><dd><Time ms={pack.installedAt} /></dd>
                  <dt>customized</dt><dd>{Object.keys(pack.overrides ?? {}).length > 0 ? <Badge>{Object.keys(pack.overrides).length} of its definitions</Badge> : <span class="muted">as shipped</span>}</dd>
                </dl>
                <details class="body"><summary class="small muted">Everything that is recorded</summary><JsonView value={pack} /></details>
              </Card>
            );
          })}</div>
        )}
      </Known>
    </Page>
  );
}
