// Doctor's findings with the command to type, and what the server measures about itself.
import { useState } from "preact/hooks";
import { api, download, path_of } from "../api/client.js";
import { current_environment } from "../app/environment.js";
import { Link, page_path } from "../app/router.jsx";
import { useSession } from "../app/session.jsx";
import { Badge, Button, Card, Command, Empty, Failure, Known, Page, plural } from "../kit/basic.jsx";
import { short_number } from "../kit/chart.jsx";
import { CopyAs, quoted } from "../kit/copy_as.jsx";
import { useAction, useResource } from "../kit/resource.js";

const kinds = { error: "bad", warning: "warn", note: "" };

// The command to type next, as `struere doctor` says it.
function command_of({ check, environment, subject }) {
  const here = `-e ${environment}`;
  const mended = environment === "production" ? "struere sync && struere deploy" : "struere sync";
  const commands = {
    chain: `struere verify ${here}`, key_expires_soon: `struere keys create ${here} NAME --role ROLE`, run_dead: `struere runs list --status dead ${here}`,
    run_overdue: "struere run", run_abandoned: "struere run", storage: "struere doctor", index_missing: "struere doctor --json",
  };
  if (Object.hasOwn(commands, check)) return commands[check];
  if (check.startsWith("key_")) return `struere keys revoke ${here} ${quoted(subject)}`;
  return mended;
}

// While the database is checked for the first time, the server sends everybody else away.
async function read_findings(signal) {
  for (let tries = 1; ; ++tries) {
    try {
      return await api.get("/v1/doctor", { signal });
    } catch (failure) {
      if (failure.status !== 429 || tries === 30) throw failure;
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

export function HealthPage() {
  const doctor = useResource("doctor", read_findings);
  const metrics = useResource("metrics", read_metrics);
  return (
    <Page title="Health" lead="What is wrong, or will be soon. Looking reads everything and changes nothing."
      actions={<><CopyAs call={{ path: "/v1/doctor", cli: "struere doctor", cpp: "for (const Finding& finding : examine(database))\n  std::cout << finding.message << '\\n';" }} />
        <Button icon="download" onClick={() => download("/v1/backup", "struere-backup.db")}>Download a backup</Button>
        <Button icon="restore" onClick={() => { doctor.reload(); metrics.reload(); }}>Look again</Button></>}>
      <div class="stack wide">
        <Card flush title="Findings" aside={doctor.data && <Badge kind={doctor.data.healthy ? "good" : "bad"} icon={doctor.data.healthy ? "check" : "warning"}>{doctor.data.healthy ? "healthy" : "needs attention"}</Badge>}>
          <Known of={doctor}>
            {(report) => (report.findings ?? []).length === 0 ? <Empty icon="check" title="Nothing to mend"><p>The walls between the environments, the chain, the keys and the sizes were looked at.</p></Empty> : (
              <ul class="change-list">{report.findings.map((finding, i) => (
                <li key={i}><div class="row wrap top"><Badge kind={kinds[finding.severity] ?? ""}>{finding.severity}</Badge><span class="grow wrap-anywhere">{finding.subject && !finding.message.includes(`\`${finding.subject}\``) && <code>{finding.subject}</code>} {finding.message} {finding.environment && <Badge kind={finding.environment}>{finding.environment}</Badge>}</span>
                  <Command>{command_of(finding)}</Command></div></li>
              ))}</ul>
            )}
          </Known>
        </Card>
        <Sizes />
        {metrics.data && <Metrics metrics={metrics.data} />}
      </div>
    </Page>
  );
}

// Counting reads each row, so it is done when it is asked for.
function Sizes() {
  const { types } = useSession();
  const [counts, set_counts] = useState(null);
  const action = useAction(async () => {
    const found = {};
    for (const type of types.data) {
      found[type.slug] = (await api.post(path_of("entities", type.slug, "count"))).count;
      set_counts({ ...found });
    }
    return true;
  });
  return (
    <Card flush title={`Rows of ${current_environment()}`} aside={<Button small disabled={!types.data || action.is_busy} onClick={action.run}>{action.is_busy ? "Counting…" : "Count"}</Button>}>
      <dl class="lines">{(types.data ?? []).map((type) => [
        <dt key={type.slug}><Link to={page_path("data", type.slug)}>{type.slug}</Link></dt>,
        <dd key={`${type.slug}=`}>{counts?.[type.slug] === undefined ? <span class="muted">not counted</span> : plural(counts[type.slug], "row")}</dd>,
      ])}</dl>
      <Failure failure={action.failure} />
    </Card>
  );
}

// Prometheus text. It is shown to the loopback address only, so its absence is not an error.
async function read_metrics(signal) {
  const response = await fetch("/metrics", { signal, credentials: "same-origin" });
  if (!response.ok) return null;
  const out = [];
  for (const line of (await response.text()).split("\n")) {
    const found = /^([a-zA-Z_:][\w:]*)(\{.*\})? ([-+0-9.eE]+|NaN|[+-]Inf)$/.exec(line);
    if (found && !found[1].endsWith("_bucket")) out.push({ name: found[1], labels: (found[2] ?? "").replace(/^\{|\}$/g, ""), value: Number(found[3]) });
  }
  return out;
}

// The sum of a figure over all its labels, or over those that `wanted` names.
const sum_of = (metrics, name, wanted = () => true) => metrics.filter((one) => one.name === name && wanted(one.labels)).reduce((sum, one) => sum + one.value, 0);

function Metrics({ metrics }) {
  const requests = sum_of(metrics, "struere_http_requests_total");
  const refused = sum_of(metrics, "struere_http_requests_total", (labels) => !labels.includes('code="ok"'));
  return (
    <section class="stack">
      <div class="figures">
        <div class="figure"><b>{short_number(requests)}</b><span>requests since the start</span></div>
        <div class="figure"><b>{short_number(refused)}</b><span>of them refused</span></div>
        <div class="figure"><b>{short_number(sum_of(metrics, "struere_environments_with_due_runs"))}</b><span>environments with a run that is due</span></div>
      </div>
      <details><summary class="muted">All figures of the server</summary>
      <div class="table-box" tabIndex={0} role="region" aria-label="Metrics">
        <table><thead><tr><th scope="col">figure</th><th scope="col">of</th><th scope="col" class="number">value</th></tr></thead>
          <tbody>{metrics.slice(0, 500).map((one, i) => <tr key={i}><td class="mono small">{one.name}</td><td class="mono small muted">{one.labels}</td><td class="number" title={String(one.value)}>{short_number(one.value)}</td></tr>)}</tbody></table>
      </div></details>
    </section>
  );
}
