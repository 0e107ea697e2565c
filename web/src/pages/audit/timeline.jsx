// Events by day, newest first, each with its difference.
import { Link, page_path } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Badge, clock_of, day_of } from "../../kit/basic.jsx";
import { Diff, difference, is_object, JsonView, leaves_of, value_at } from "../../kit/json.jsx";
import { short_id } from "../../kit/rows.jsx";

const brief_id = (id) => (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id) ? short_id(id) : id);

export function kind_of_event(type) {
  if (type === "access.denied") return "denied";
  const verb = type.split(".").pop();
  if (["created", "added", "installed", "linked", "restored"].includes(verb)) return "created";
  if (["deleted", "removed", "purged", "revoked", "unlinked", "uninstalled"].includes(verb)) return "deleted";
  return "updated";
}

// What an event changed, as [{path, before?, after?}].
export function changes_of(event) {
  const { payload = {} } = event;
  if (event.type.endsWith(".updated") && is_object(payload.changes)) {
    const changes = leaves_of(payload.changes).map(([path, after]) => ({ path, before: value_at(payload.previousData ?? {}, path), after: after === null ? undefined : after }));
    if (payload.status !== undefined) changes.push({ path: "status", before: payload.previousStatus, after: payload.status });
    return changes;
  }
  if (event.type.endsWith(".created") && is_object(payload.data)) return difference({}, payload.data);
  if (event.type.endsWith(".deleted") && is_object(payload.previousData)) return difference(payload.previousData, {});
  return null;
}

export function Timeline({ events, hides_entity, fresh }) {
  const { types } = useSession();
  let day = "";
  return (
    <div class="timeline">
      {events.map((event) => {
        const this_day = day_of(event.createdAt);
        const is_new_day = this_day !== day;
        day = this_day;
        return [
          is_new_day && <h2 class="day" key={`day ${this_day}`}>{this_day}</h2>,
          <EventLine key={event.id} event={event} hides_entity={hides_entity} is_fresh={fresh?.has(event.id)} types={types.data} />,
        ];
      })}
    </div>
  );
}

// The page of the entity, if the type of the event names one that this environment has.
function entity_page(event, types) {
  const slug = event.type.slice(0, event.type.lastIndexOf("."));
  return types?.some((type) => type.slug === slug) ? page_path("data", slug, event.entityId) : null;
}

function EventLine({ event, hides_entity, is_fresh, types }) {
  const changes = changes_of(event);
  const page = event.entityId && entity_page(event, types);
  const summary = changes?.slice(0, 4).map((change) => change.path).join(", ");
  return (
    <div class={`event ${is_fresh ? "fresh" : ""}`} data-kind={kind_of_event(event.type)}>
      <time class="at" dateTime={new Date(event.createdAt).toISOString()}>{clock_of(event.createdAt)}</time>
      <span class="spine" aria-hidden="true" />
      <details>
        <summary>
          <span class="strong">{event.type}</span>
          {!hides_entity && event.entityId && <span class="identifier">{short_id(event.entityId)}</span>}
          <span class="muted small">by {event.actorType} <span class="mono" title={event.actorId}>{event.actorId === event.actorType ? "" : brief_id(event.actorId)}</span></span>
          {event.impersonatedBy && <Badge kind="see">through {event.impersonatedBy.actorType} {event.impersonatedBy.actorId}</Badge>}
          {summary && <span class="muted small clip push">{summary}</span>}
        </summary>
        <div class="inside stack tight">
          {changes ? <Diff changes={changes} none="The write changed no field." /> : Object.keys(event.payload ?? {}).length > 0 ? <JsonView value={event.payload} /> : <p class="muted small">The event has no payload, or it was purged.</p>}
          <div class="row wrap small muted">
            <span>event <span class="mono">{event.id}</span></span>
            {event.traceId && <span>trace <span class="mono">{event.traceId}</span></span>}
            {event.entityId && (page ? <Link to={page}>Open the row</Link> : null)}
            {event.entityId && !hides_entity && <Link to="/audit" parameters={{ entity: event.entityId }}>All events of it</Link>}
          </div>
        </div>
      </details>
    </div>
  );
}
