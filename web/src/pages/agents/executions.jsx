// What the runs of an agent took: tokens and time by day, and the last ones.
import { api, items_of } from "../../api/client.js";
import { Badge, Card, Empty, Known, plural, Time } from "../../kit/basic.jsx";
import { Chart, short_number } from "../../kit/chart.jsx";
import { Pager, usePagesOf } from "../../kit/pages.jsx";
import { useResource } from "../../kit/resource.js";

const day_ms = 86_400_000;
const days_shown = 30;

export function Executions({ slug }) {
  const since = Math.floor(Date.now() / day_ms) - days_shown + 1;
  const summary = useResource(`summary ${slug}`, async (signal) => items_of(await api.get("/v1/executions/rollup", { signal, parameters: { groupBy: "day,status", agent: slug, since: since * day_ms } })));
  const { page: recent, pager } = usePagesOf("/v1/executions", { agent: slug });
  const list = items_of(recent.data);
  return (
    <div class="stack">
      <Known of={summary}>{(groups) => groups.length > 0 && <Charts groups={groups} first={since} />}</Known>
      <Known of={recent}>
        {() => list.length === 0 ? <Empty icon="agent" title="No execution is recorded here"><p>A host records one for each run, with its tokens and time.</p></Empty> : (
          <><div class="table-box" tabIndex={0} role="region" aria-label="Executions">
            <table>
              <thead><tr><th scope="col">when</th><th scope="col">status</th><th scope="col">model</th><th scope="col" class="number">tokens in</th><th scope="col" class="number">out</th><th scope="col" class="number">time</th><th scope="col">for</th><th scope="col">error</th></tr></thead>
              <tbody>{list.map((one) => (
                <tr key={one.id}>
                  <td><Time ms={one.createdAt} /></td><td><Badge kind={one.status === "completed" ? "good" : one.status === "failed" ? "bad" : ""}>{one.status}</Badge></td><td class="mono small">{one.model}</td>
                  <td class="number">{one.inputTokens}</td><td class="number">{one.outputTokens}</td><td class="number">{duration_of(one.durationMs)}</td><td>{one.actorType} <span class="mono small">{one.actorId}</span></td><td class="clip bad">{one.error}</td>
                </tr>
              ))}</tbody>
            </table>
          </div>
          <Pager shown={plural(list.length, "execution")} {...pager} /></>
        )}
      </Known>
    </div>
  );
}

const duration_of = (ms) => (ms === undefined ? "–" : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

function Charts({ groups, first }) {
  const days = Array.from({ length: days_shown }, (_, i) => first + i);
  const sum = (day, value, status) => groups.filter((group) => group.day === day && (!status || group.status === status)).reduce((total, group) => total + (value(group) ?? 0), 0);
  const times = days.map((day) => day * day_ms);
  const series = (name, colour, value, status) => ({ name, colour, values: days.map((day) => sum(day, value, status)) });
  const total = (value) => groups.reduce((all, group) => all + (value(group) ?? 0), 0);
  const count = (group) => group.executions;
  return (
    <>
      <div class="figures">
        <div class="figure"><b>{short_number(total(count))}</b><span>executions in {days_shown} days</span></div>
        <div class="figure"><b>{short_number(total((group) => (group.status === "failed" ? group.executions : 0)))}</b><span>failed</span></div>
        <div class="figure"><b>{short_number(total((group) => group.inputTokens))}</b><span>tokens in</span></div>
        <div class="figure"><b>{short_number(total((group) => group.outputTokens))}</b><span>tokens out</span></div>
      </div>
      <div class="columns">
        <Card><Chart title="Tokens by day" times={times} series={[series("in", "--accent", (group) => group.inputTokens), series("out", "--see", (group) => group.outputTokens)]} /></Card>
        <Card><Chart title="Executions by day" times={times} series={[series("completed", "--good", count, "completed"), series("failed", "--bad", count, "failed")]} /></Card>
      </div>
    </>
  );
}
