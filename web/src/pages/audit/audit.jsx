// The log of the environment: filters, live events, and the check of its hash chain.
import { useEffect, useRef, useState } from "preact/hooks";
import { api, items_of, with_parameters } from "../../api/client.js";
import { current_environment, environment_name } from "../../app/environment.js";
import { follow_events } from "../../api/stream.js";
import { set_parameters } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Button, clock_of, day_of, Empty, Failure, Loading, Page, plural } from "../../kit/basic.jsx";
import { CopyAs, literal, quoted } from "../../kit/copy_as.jsx";
import { Icon } from "../../kit/icons.jsx";
import { Pager, usePages } from "../../kit/pages.jsx";
import { useAction } from "../../kit/resource.js";
import { Timeline } from "./timeline.jsx";

const filter_names = ["type", "entity", "actor", "since", "until"];
const as_ms = (text) => (text ? Date.parse(text) || undefined : undefined);

// The events that are committed while the page is open.
function useLive(is_live, { type, entity, actor }) {
  const [events, set_events] = useState([]);
  const [state, set_state] = useState("waiting");
  useEffect(() => {
    set_events([]);
    set_state("waiting");
    if (!is_live) return undefined;
    return follow_events({ type, entity, actor }, (event) => set_events((list) => [event, ...list.filter((one) => one.id !== event.id)].slice(0, 500)), set_state);
  }, [is_live, type, entity, actor]);
  return { events, state };
}

// A page of the log. The server ends one early, with `searchedTo`, if few events agree with the filters: this goes on
// until the page is full or the log ends, and says how far it came.
function useLog(asked) {
  const [search, set_search] = useState(null);
  const pages = usePages(`/v1/events ${JSON.stringify(asked)}`, async (cursor, signal) => {
    const items = [];
    for (;;) {
      const page = await api.get("/v1/events", { signal, parameters: { ...asked, limit: asked.limit - items.length, cursor } });
      items.push(...items_of(page));
      const is_cut = page.cursor && page.searchedTo !== undefined && items.length < asked.limit;
      set_search(is_cut ? { reached: page.searchedTo, found: items.length } : null);
      if (!is_cut) return { items, cursor: page.cursor };
      cursor = page.cursor;
    }
  });
  return { ...pages, search };
}

export function AuditPage({ parameters }) {
  const { me, types } = useSession();
  const is_live = parameters.live === "on";
  const live = useLive(is_live, parameters);
  const asked = { type: parameters.type, entity: parameters.entity, actor: parameters.actor, since: as_ms(parameters.since), until: as_ms(parameters.until), limit: 100 };
  const { page, pager, search } = useLog(asked);
  const listed = items_of(page.data);
  const known = new Set(listed.map((event) => event.id));
  const news = live.events.filter((event) => !known.has(event.id));
  const events = parameters.cursor ? listed : [...news, ...listed];
  const is_filtered = filter_names.some((name) => parameters[name]);
  const cli = ["events", parameters.type && `--type ${quoted(parameters.type)}`, parameters.entity && `--entity ${quoted(parameters.entity)}`, parameters.actor && `--actor ${quoted(parameters.actor)}`, parameters.since && `--since ${quoted(new Date(asked.since).toISOString())}`].filter(Boolean).join(" ");
  return (
    <Page title="Audit" lead="Every write, denial and deploy of this environment, in a chain of hashes that shows any change of it."
      actions={<>
        <CopyAs call={{ path: with_parameters("/v1/events", asked), cli, cpp: `for (const Event& event : session.events().list({${parameters.type ? `.type = ${literal(parameters.type)}` : ""}}))\n  std::cout << event.type() << ' ' << event.json() << '\\n';` }} />
        <Verify />
        <Button pressed={is_live} onClick={() => set_parameters({ live: is_live ? undefined : "on", cursor: undefined })}><span class="live" data-on={is_live}>{!is_live ? "Live" : live.state === "live" ? "Live" : live.state === "failed" ? "Live failed" : "Connecting…"}</span></Button>
      </>}>
      <Filters key={JSON.stringify(asked)} parameters={parameters} types={types.data ?? []} />
      {live.state === "failed" && <div class="callout warn"><Icon name="warning" /><div class="words">The stream of events was refused. Turn Live off and on to try again.</div></div>}
      {page.is_loading && search && <p class="muted small" role="status">Searched back to {day_of(search.reached)}, {clock_of(search.reached)}: {plural(search.found, "event")} found. Searching on…</p>}
      {page.failure ? <Failure failure={page.failure} again={page.reload} /> : !page.data ? <Loading lines={10} /> : events.length === 0 ? (
        is_filtered ? (
          <Empty icon="audit" title="No event that you may see agrees with these filters">
            <Button onClick={() => set_parameters(Object.fromEntries([...filter_names, "cursor"].map((name) => [name, undefined])))}>Remove the filters</Button>
          </Empty>
        ) : <NoEvents sees_all={me.data?.isOrgAdmin === true} />
      ) : (
        <>
          <span class="visually-hidden" role="status">{news.length > 0 ? `${plural(news.length, "new event")}` : ""}</span>
          <Timeline events={events} fresh={new Set(news.map((event) => event.id))} />
          <Pager shown={plural(events.length, "event")} {...pager} />
        </>
      )}
    </Page>
  );
}

// Only an org admin sees all events; to others the server does not tell whether there are some.
function NoEvents({ sees_all }) {
  const here = environment_name[current_environment()];
  return sees_all
    ? <Empty icon="audit" title={`${here} has no events yet`}><p>The first write makes the first event.</p></Empty>
    : <Empty icon="audit" title={`${here} has no events that you may see`}><p>You see the events of rows that you may read, and the others with <code>read</code> on <code>events</code>.</p></Empty>;
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
      <input class="input small fit-input mono" name="actor" aria-label="Id of the actor" placeholder="id of an actor" defaultValue={parameters.actor ?? ""} />
      <span class="row wrap">
        <label class="row small muted">from <input class="input small" type="datetime-local" name="since" defaultValue={parameters.since ?? ""} /></label>
        <label class="row small muted">to <input class="input small" type="datetime-local" name="until" defaultValue={parameters.until ?? ""} /></label>
        <Button small type="submit">Filter</Button>
      </span>
    </form>
  );
}

// The numbers are absent for who does not see all events.
function verdict_of({ ok, verified, purged, problem }) {
  if (verified === undefined) return ok ? "Verified" : `Broken: ${problem}`;
  return ok ? `Verified: ${plural(verified, "event")}${purged ? `, ${purged} purged` : ""}` : `Broken after ${plural(verified, "event")}: ${problem}`;
}

function Verify() {
  const [result, set_result] = useState(null);
  const action = useAction(async () => {
    set_result(await api.post("/v1/events/verify"));
    return true;
  });
  return (
    <>
      {result && <span class={`badge ${result.ok ? "good" : "bad"}`} role="status">{verdict_of(result)}</span>}
      {action.failure && <span class="badge bad" role="alert">{action.failure.message}</span>}
      <Button icon="access" disabled={action.is_busy} onClick={action.run}>{action.is_busy ? "Verifying…" : "Verify"}</Button>
    </>
  );
}
