// Development against production: the plan, the deploy, the releases and the way back.
import { useId, useState } from "preact/hooks";
import { api, items_of, path_of } from "../api/client.js";
import { words_of } from "../api/problem.js";
import { environment_name } from "../app/environment.js";
import { Badge, Button, Card, Empty, Field, Known, Page, plural, Time } from "../kit/basic.jsx";
import { CopyAs } from "../kit/copy_as.jsx";
import { Confirm } from "../kit/dialog.jsx";
import { Icon } from "../kit/icons.jsx";
import { brief, Diff } from "../kit/json.jsx";
import { useResource } from "../kit/resource.js";
import { toast } from "../kit/toast.jsx";

const of_production = { environment: "production" };

// The plan of what development holds now, and these definitions: a deploy sends them, so that the server refuses what
// was not shown. They stay the text that the server wrote, which a browser would round.
async function plan_of_development(signal) {
  const definitions = await api.get_text("/v1/definitions", { signal, environment: "development" });
  return { ...(await api.post("/v1/definitions/plan", {}, { exact: { definitions }, signal, ...of_production })), definitions };
}
const signs = { create: "+", update: "~", remove: "−" };

export function ReleasesPage() {
  const plan = useResource("plan", plan_of_development);
  const releases = useResource("releases", async (signal) => items_of(await api.get("/v1/releases", { signal, ...of_production })));
  const [overlay, set_overlay] = useState(null);
  const [refusal, set_refusal] = useState(null);
  const close = () => set_overlay(null);
  const reload = () => {
    plan.reload();
    releases.reload();
  };
  const changes = plan.data?.changes ?? [];
  return (
    <Page title="Releases" lead="Definitions go from development to production as numbered releases. Rows, keys and assignments of either environment never move."
      badges={<span class="row"><Badge kind="development">{environment_name.development}</Badge>→<Badge kind="production">{environment_name.production}</Badge></span>}
      actions={<><CopyAs call={{ method: "POST", path: "/v1/definitions/plan", body: {}, cli: "struere deploy", cpp: "Definitions development(development_session), production(production_session);\nconst ChangePlan plan = production.plan(development.current());\nproduction.deploy(plan, \"note\");" }} />
        <Button icon="restore" onClick={reload}>Plan again</Button></>}>
      <div class="stack wide">
        {refusal && <div class="callout warn" role="alert"><Icon name="warning" /><div class="words"><b>Nothing was deployed</b>: {words_of(refusal)}. This is the new plan.</div></div>}
        <Card flush title="To deploy" aside={changes.length > 0 && <Button kind="primary to-production" icon="release" disabled={(plan.data?.obstacles ?? []).some((one) => !option_for(one))} onClick={() => { set_refusal(null); set_overlay({ kind: "deploy", plan: plan.data }); }}>Deploy {plural(changes.length, "change")}…</Button>}>
          <Known of={plan}>{(known) => known.changes.length === 0
            ? <Empty icon="check" title="Production is as development is"><p>Change definitions in development, by files and <code>struere sync</code>, and they appear here.</p></Empty>
            : <Plan plan={known} />}</Known>
        </Card>
        <Card flush title="Releases of production">
          <Known of={releases}>{(list) => list.length === 0 ? <Empty icon="release" title="Nothing was deployed yet"><p>The first deploy makes release 1. Each release can be gone back to.</p></Empty>
            : <ReleaseList releases={list} go_back={(release) => set_overlay({ kind: "rollback", release })} />}</Known>
        </Card>
      </div>
      {overlay?.kind === "deploy" && <Deploy plan={overlay.plan} close={close} done={reload} refused={(failure) => { set_refusal(failure); reload(); }} />}
      {overlay?.kind === "rollback" && <Rollback release={overlay.release} close={close} done={reload} />}
    </Page>
  );
}

export function Plan({ plan }) {
  return (
    <>
      <Obstacles plan={plan} />
      <ul class="change-list">
        {plan.changes.map((change) => (
          <li key={change.kind + change.name}>
            <div class="row wrap"><span class={`sign ${change.change}`} aria-label={change.change}>{signs[change.change]}</span><Badge>{change.kind}</Badge><b class="wrap-anywhere">{change.name}</b></div>
            {change.pendingRuns > 0 && <p class="bad">Cancels {plural(change.pendingRuns, "pending run")} for good.</p>}
            {change.fields?.length > 0 && <Diff changes={change.fields} />}
          </li>
        ))}
      </ul>
    </>
  );
}

const option_words = {
  acceptInvalidData: "Keep rows that do not agree with the new schema; their next update has to",
  dropAssignments: "Take the removed roles from the users that have them",
  reveal: "Show the values that are masked now",
};

// The option that allows an obstacle, told by its words; none overrides the others.
export function option_for(obstacle) {
  const text = `${obstacle.kind ?? ""} ${obstacle.message ?? ""}`.toLowerCase();
  if (/reveal|masked/.test(text)) return "reveal";
  if (/assign/.test(text)) return "dropAssignments";
  if (/schema|accept/.test(text)) return "acceptInvalidData";
  return null;
}

function Obstacles({ plan }) {
  if ((plan.obstacles ?? []).length === 0) return null;
  return (
    <div class="body stack tight">
      {plan.obstacles.map((one, i) => (
        <div key={i} class="callout warn"><Icon name="warning" /><div class="words"><b>{one.name}</b> {one.message}
          {one.examples?.length > 0 && <div class="muted small mono wrap-anywhere">{one.examples.map((example) => brief(example, 160)).join(", ")}</div>}</div></div>
      ))}
    </div>
  );
}

export function Options({ plan, chosen, change }) {
  const wanted = [...new Set((plan.obstacles ?? []).map(option_for).filter(Boolean))];
  return wanted.map((name) => (
    <label class="check" key={name}><input type="checkbox" checked={Boolean(chosen[name])} onChange={(event) => change({ ...chosen, [name]: event.currentTarget.checked })} />{option_words[name]}</label>
  ));
}

const note_field = (id, note, set_note) => (
  <Field id={id} label="Note" hint="Why, for those who read the history."><input id={id} class="input" value={note} onInput={(event) => set_note(event.currentTarget.value)} /></Field>
);

// `base` makes the server refuse if production is no longer as it was when the plan was shown.
const confirmed = (note, options, plan) => ({ confirm: "production", base: plan?.base, note: note || undefined, options: Object.values(options).some(Boolean) ? options : undefined });

function Deploy({ plan, close, done, refused }) {
  const [note, set_note] = useState("");
  const [options, set_options] = useState({});
  const id = useId();
  return (
    <Confirm title="Deploy to production?" name="production" verb={`Deploy ${plural(plan.changes.length, "change")}`} kind="primary to-production" always close={close} act={async () => {
      let release;
      try {
        release = await api.post("/v1/definitions/deploy", confirmed(note, options, plan), { exact: { definitions: plan.definitions }, ...of_production });
      } catch (failure) {
        if (failure.code !== "conflict") throw failure;
        refused(failure);  // the dialog closes: its plan is no longer the one to confirm
        return true;
      }
      toast(`Deployed release ${release.number}`, "good");
      done();
      return true;
    }}>
      <p>{plural(plan.changes.length, "definition")} of production will be as in development, in one transaction. If either of them has changed since this plan, nothing is deployed.</p>
      {note_field(id, note, set_note)}
      <Options plan={plan} chosen={options} change={set_options} />
    </Confirm>
  );
}

function Rollback({ release, close, done }) {
  const plan = useResource(`rollback ${release.number}`, (signal) => api.post(path_of("releases", String(release.number), "plan"), {}, { signal, ...of_production }));
  const [note, set_note] = useState("");
  const [options, set_options] = useState({});
  const id = useId();
  return (
    <Confirm title={`Go back to release ${release.number}?`} name="production" verb="Roll back" always close={close} act={async () => {
      const made = await api.post(path_of("releases", String(release.number), "rollback"), confirmed(note, options, plan.data), of_production);
      toast(`Production is as release ${release.number} was; this is release ${made.number}`, "good");
      done();
      return true;
    }}>
      <Known of={plan} lines={3}>{(known) => known.changes.length === 0 ? <p>Production is already as that release.</p> : <><Plan plan={known} /><Options plan={known} chosen={options} change={set_options} /></>}</Known>
      {note_field(id, note, set_note)}
    </Confirm>
  );
}

function ReleaseList({ releases, go_back }) {
  return (
    <ul class="change-list">
      {releases.map((release, i) => (
        <li key={release.number}>
          <details>
            <summary class="row wrap"><Badge kind={i === 0 ? "production" : ""}>release {release.number}</Badge>{i === 0 && <span class="small muted">in force</span>}
              <span class="strong wrap-anywhere">{release.note}</span>{release.restores && <Badge icon="restore">restores {release.restores}</Badge>}
              <span class="push muted small row"><span>{plural((release.changes ?? []).length, "change")} by {release.createdBy}</span> <Time ms={release.createdAt} /></span></summary>
            <Plan plan={{ changes: release.changes ?? [] }} />
            {i > 0 && <div class="row"><Button small icon="restore" onClick={() => go_back(release)}>Roll back to release {release.number}…</Button></div>}
          </details>
        </li>
      ))}
    </ul>
  );
}

