// The log of the environment: filters, live events, and the check of its hash chain.
import { useEffect, useRef, useState } from "preact/hooks";
import { api, items_of, with_parameters } from "../../api/client.js";
import { current_environment, environment_name } from "../../app/environment.js";
import { set_parameters } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Button, Empty, Failure, Loading, Page, plural } from "../../kit/basic.jsx";
import { CopyAs, literal, quoted } from "../../kit/copy_as.jsx";
import { Icon } from "../../kit/icons.jsx";
import { useAction, useResource } from "../../kit/resource.js";
import { Pager } from "../../kit/rows.jsx";
import { Timeline } from "./timeline.jsx";

const filter_names = ["type", "entity", "after", "before"];
const as_ms = (text) => (text ? Date.parse(text) || undefined : undefined);

// The events that are committed while the page is open; the browser resumes the stream after a pause by itself.
function useLive(is_live, parameters) {
  const [events, set_events] = useState([]);
  const [state, set_state] = useState("off");
  useEffect(() => {
    set_events([]);
    if (!is_live) return set_state("off");
    const source = new EventSource(with_parameters("/v1/events/stream", { environment: current_environment(), type: parameters.type, entity: parameters.entity }));
    const take = (message) => {
      try {
        const event = JSON.parse(message.data);
        if (event?.id && event.type) set_events((list) => [event, ...list.filter((one) => one.id !== event.id)].slice(0, 500));
      } catch {
        // A comment or a notice that is not an event.
      }
    };
    source.onopen = () => set_state("live");
    source.onerror = () => set_state(source.readyState === EventSource.CLOSED ? "failed" : "waiting");
    source.onmessage = take;
    source.addEventListener("event", take);
    return () => source.close();
  }, [is_live, parameters.type, parameters.entity]);
  return { events, state };
}

export function AuditPage({ parameters }) {
  const { types } = useSession();
  const is_live = parameters.live === "on";
  const live = useLive(is_live, parameters);
  const asked = { type: parameters.type, entity: parameters.entity, after: as_ms(parameters.after), before: as_ms(parameters.before), limit: 100, cursor: parameters.cursor };
  const earlier = useRef([]);
  const page = useResource(`events ${JSON.stringify({ ...asked, cursor: undefined })}|${asked.cursor ?? ""}`, (signal) => api.get("/v1/events", { signal, parameters: asked }));
  const listed = items_of(page.data);
  const known = new Set(listed.map((event) => event.id));
  const news = live.events.filter((event) => !known.has(event.id));
  const events = parameters.cursor ? listed : [...news, ...listed];
  const is_filtered = filter_names.some((name) => parameters[name]);
  const cli = ["events", parameters.type && `--type ${quoted(parameters.type)}`, parameters.entity && `--entity ${quoted(parameters.entity)}`].filter(Boolean).join(" ");
  return (
    <Page title="Audit" lead="Every write, denial and deploy of this environment, in a chain of hashes that shows any change of it."
      actions={<>
        <CopyAs call={{ path: with_parameters("/v1/events", { ...asked, cursor: undefined }), cli, cpp: `for (const Event& event : session.events().list({${parameters.type ? `.type = ${literal(parameters.type)}` : ""}}))\n  std::cout << event.type() << ' ' << event.json() << '\\n';` }} />
        <Verify />
        <Button pressed={is_live} onClick={() => set_parameters({ live: is_live ? undefined : "on", cursor: undefined })}><span class="live" aria-pressed={is_live}>{!is_live ? "Live" : live.state === "live" ? "Live" : live.state === "failed" ? "Live failed" : "Connecting…"}</span></Button>
      </>}>
      <Filters key={JSON.stringify(asked)} parameters={parameters} types={types.data ?? []} />
      {live.state === "failed" && <div class="callout warn"><Icon name="warning" /><div class="words">The stream of events was refused. Turn Live off and on to try again.</div></div>}
      {page.failure ? <Failure failure={page.failure} again={page.reload} /> : !page.data ? <Loading lines={10} /> : events.length === 0 ? (
        <Empty icon="audit" title={is_filtered ? "No event agrees with these filters" : `${environment_name[current_environment()]} has no events yet`}>
          {is_filtered ? <Button onClick={() => set_parameters(Object.fromEntries([...filter_names, "cursor"].map((name) => [name, undefined])))}>Remove the filters</Button> : <p>The first write makes the first event.</p>}
        </Empty>
      ) : (
        <>
          <span class="visually-hidden" role="status">{news.length > 0 ? `${plural(news.length, "new event")}` : ""}</span>
          <Timeline events={events} fresh={new Set(news.map((event) => event.id))} />
          <Pager shown={plural(events.length, "event")} cursor={page.data.cursor} is_first={!parameters.cursor} to_first={() => set_parameters({ cursor: undefined })}
            to_next={() => { earlier.current.push(parameters.cursor); set_parameters({ cursor: page.data.cursor }); }} to_previous={() => set_parameters({ cursor: earlier.current.pop() })} />
        </>
      )}
    </Page>
  );
}

function Filters({ parameters, types }) {
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    set_parameters({ ...Object.fromEntries(filter_names.map((name) => [name, given.get(name) || undefined])), cursor: undefined });
  };
  const known = [...types.flatMap((type) => ["created", "updated", "deleted"].map((verb) => `${type.slug}.${verb}`)), "access.denied", "entity.linked", "sync.completed", "deploy.completed", "member.added", "api-key.created"];
  return (
    <form class="toolbar" role="search" aria-label="Filter the events" onSubmit={submit}>
      <input class="input small fit-input" name="type" data-search list="event-types" aria-label="Type of the event" placeholder="type, such as note.updated" defaultValue={parameters.type ?? ""} />
      <datalist id="event-types">{known.map((one) => <option key={one} value={one} />)}</datalist>
      <input class="input small fit-input mono" name="entity" aria-label="Id of the entity" placeholder="id of an entity" defaultValue={parameters.entity ?? ""} />
      <label class="row small muted">from <input class="input small" type="datetime-local" name="after" defaultValue={parameters.after ?? ""} /></label>
      <label class="row small muted">to <input class="input small" type="datetime-local" name="before" defaultValue={parameters.before ?? ""} /></label>
      <Button small type="submit">Filter</Button>
    </form>
  );
}

function Verify() {
  const [result, set_result] = useState(null);
  const action = useAction(async () => {
    set_result(await api.post("/v1/events/verify"));
    return true;
  });
  return (
    <>
      {result && <span class={`badge ${result.verified ? "good" : "bad"}`} role="status">{result.verified ? `Verified: ${plural(result.events ?? 0, "event")}${result.purged ? `, ${result.purged} purged` : ""}` : `Broken: ${result.fault?.message ?? "the chain does not verify"}`}</span>}
      {action.failure && <span class="badge bad" role="alert">{action.failure.message}</span>}
      <Button icon="access" disabled={action.is_busy} onClick={action.run}>{action.is_busy ? "Verifying…" : "Verify"}</Button>
    </>
  );
}
