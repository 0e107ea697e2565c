// Triggers of this environment, and the runs that they set off.
import { useState } from "preact/hooks";
import { api, items_of, path_of } from "../api/client.js";
import { current_environment } from "../app/environment.js";
import { Link, page_path, set_parameters } from "../app/router.jsx";
import { Badge, Button, Card, Command, Empty, Known, Page, plural, Select, Tabs, Time } from "../kit/basic.jsx";
import { CopyAs, quoted } from "../kit/copy_as.jsx";
import { Confirm } from "../kit/dialog.jsx";
import { JsonView } from "../kit/json.jsx";
import { Pager, usePagesOf } from "../kit/pages.jsx";
import { useAction, useResource } from "../kit/resource.js";
import { short_id } from "../kit/rows.jsx";
import { toast } from "../kit/toast.jsx";

const statuses = ["pending", "running", "completed", "dead", "cancelled"];
const kind_of_status = { completed: "good", dead: "bad", running: "accent" };
const tabs = [["Triggers", "/automation"], ["Runs", "/automation/runs"]];

export function AutomationPage({ segments, parameters }) {
  if (segments[0] === "runs") return <Runs parameters={parameters} />;
  return <Triggers />;
}

function Triggers() {
  const triggers = useResource("triggers", async (signal) => items_of(await api.get("/v1/triggers", { signal })));
  return (
    <Page title="Automation" lead="What is done when an entity is written. A run stays in the environment of its write."
      actions={<CopyAs call={{ path: "/v1/triggers", cpp: "for (const Trigger& trigger : session.triggers().list()) …;", cli: "runs list" }} />}>
      <Tabs label="Automation" tabs={tabs} />
      <Known of={triggers}>
        {(list) => list.length === 0 ? <Empty icon="automation" title={`${current_environment()} has no triggers`}><p>A trigger names a type, an action and steps: a mail, a follow-up row, a call.</p><Command>struere add trigger reminder</Command></Empty> : (
          <div class="stack">{list.map((trigger) => (
            <Card key={trigger.slug} title={<span class="row wrap">{trigger.name || trigger.slug}<Badge><span class="mono">{trigger.slug}</span></Badge></span>}
              aside={<Link class="button small" to="/automation/runs" parameters={{ trigger: trigger.slug }}>Runs</Link>} flush>
              <p class="body row wrap">When {trigger.on?.entityType && <Link to={page_path("data", trigger.on.entityType)}>{trigger.on.entityType}</Link>} is <b>{trigger.on?.action ?? "written"}</b>{trigger.on?.condition && " and agrees with a condition"}{(trigger.delay || trigger.at) && ", at a later time"}: {plural((trigger.actions ?? []).length, "step")} <span class="row">{(trigger.actions ?? []).map((step, i) => <Badge key={i}><span class="mono">{step.tool}</span></Badge>)}</span></p>
              <details class="body"><summary class="small muted">Definition</summary><JsonView value={trigger} /></details>
            </Card>
          ))}</div>
        )}
      </Known>
    </Page>
  );
}

function Runs({ parameters }) {
  const { page: runs, pager } = usePagesOf("/v1/runs", { trigger: parameters.trigger, status: parameters.status });
  const [cancelled, set_cancelled] = useState(null);
  const retry = useAction(async (run) => {
    await api.post(path_of("runs", run.id, "retry"));
    toast("The run waits for a worker again", "good");
    runs.reload();
    return true;
  });
  const list = items_of(runs.data ?? {});
  return (
    <Page title="Runs" crumbs={[["Automation", "/automation"]]} actions={<><CopyAs call={{ path: "/v1/runs", cli: `runs list${parameters.status ? ` --status ${quoted(parameters.status)}` : ""}`, cpp: "for (const TriggerRun& run : session.triggers().runs().runs) …;" }} /><Button icon="restore" onClick={runs.reload}>Reload</Button></>}>
      <Tabs label="Automation" tabs={tabs} />
      <div class="toolbar">
        <Select small fit aria-label="Status" value={parameters.status ?? ""} onChange={(event) => set_parameters({ status: event.currentTarget.value || undefined, cursor: undefined })} options={[["", "every status"], ...statuses.map((one) => [one, one])]} />
        {parameters.trigger && <Button small icon="close" onClick={() => set_parameters({ trigger: undefined, cursor: undefined })}>of {parameters.trigger}</Button>}
        {retry.failure && <span class="bad" role="alert">{retry.failure.message}</span>}
      </div>
      <Known of={runs}>
        {() => list.length === 0 ? <Empty icon="automation" title="There is no such run"><p>Runs appear when a write sets off a trigger.</p></Empty> : (
          <>
            <div class="table-box" tabIndex={0} role="region" aria-label="Runs">
              <table>
                <thead><tr><th scope="col">run</th><th scope="col">trigger</th><th scope="col">status</th><th scope="col" class="number">attempts</th><th scope="col">due</th><th scope="col">error</th><th scope="col"><span class="visually-hidden">actions</span></th></tr></thead>
                <tbody>{list.map((run) => (
                  <tr key={run.id}>
                    <td class="identifier" title={run.id}>{short_id(run.id)}</td><td>{run.trigger}</td><td><Badge kind={kind_of_status[run.status] ?? ""}>{run.status}</Badge></td><td class="number">{run.attempts}</td>
                    <td><Time ms={run.dueAt} /></td><td class="cell bad"><span class="value" title={run.error ?? ""}>{run.error}</span></td>
                    <td class="nowrap">{run.status === "dead" && <Button small onClick={() => retry.run(run)}>Retry</Button>}{run.status === "pending" && <Button small kind="quiet" onClick={() => set_cancelled(run)}>Cancel…</Button>}
                      <Link class="button small quiet" to="/audit" parameters={{ entity: run.entityId }}>Events</Link></td>
                  </tr>
                ))}</tbody>
              </table>
            </div>
            <Pager shown={plural(list.length, "run")} {...pager} />
          </>
        )}
      </Known>
      {cancelled && <Confirm title="Cancel this run?" name={cancelled.trigger} verb="Cancel the run" close={() => set_cancelled(null)} act={async () => {
        await api.post(path_of("runs", cancelled.id, "cancel"));
        toast("Cancelled", "good");
        runs.reload();
        return true;
      }}><p>Its steps are not carried out, now or later.</p></Confirm>}
    </Page>
  );
}
