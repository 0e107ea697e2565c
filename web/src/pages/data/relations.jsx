// What a row is connected with: the rows that it refers to, those that refer to it, and relations by name.
import { useId, useState } from "preact/hooks";
import { api, items_of, path_of } from "../../api/client.js";
import { address, Link, page_path } from "../../app/router.jsx";
import { useSession, useType } from "../../app/session.jsx";
import { Badge, Button, Card, Failure, Field, Known, Select } from "../../kit/basic.jsx";
import { Confirm, Dialog } from "../../kit/dialog.jsx";
import { brief, value_at } from "../../kit/json.jsx";
import { useAction, useResource } from "../../kit/resource.js";
import { short_id, Value } from "../../kit/rows.jsx";
import { fields_of, title_of, unknown_schema } from "../../kit/schema.js";

export function Relations({ type, row }) {
  return (
    <div class="stack">
      <Links row={row} />
      <div class="columns">
        <RefersTo type={type} row={row} />
        <ReferredBy type={type} row={row} />
      </div>
    </div>
  );
}

export function EntityLine({ entity, children }) {
  const title = title_of(useType(entity.type), entity);
  return (
    <li class="row">
      <Badge>{entity.type}</Badge>
      <Link class={title ? "nowrap" : "identifier"} to={page_path("data", entity.type, entity.id)} title={entity.id}>{title ? brief(title, 48) : short_id(entity.id)}</Link>
      <span class="clip muted small">{brief(entity.data, 140)}</span>
      <span class="push">{children}</span>
    </li>
  );
}

function RefersTo({ type, row }) {
  const fields = fields_of(type).filter((field) => field.references);
  const filled = fields.flatMap((field) => [value_at(row, field.path)].flat().filter((id) => typeof id === "string").map((id) => ({ field, id })));
  return (
    <Card title="Refers to">
      {filled.length === 0 ? <p class="muted">{type.is_unknown ? unknown_schema(type) : fields.length === 0 ? "The schema has no field with references." : "Its reference fields are empty."}</p> : (
        <ul class="stack tight">
          {filled.map(({ field, id }) => (
            <li class="row" key={field.path + id}><code>{field.name}</code><Badge>{field.references}</Badge><Value value={id} field={field} found={row.expanded?.[field.path]} /></li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function ReferredBy({ type, row }) {
  const { types } = useSession();
  const fields = (types.data ?? []).flatMap((other) => fields_of(other).filter((field) => field.references === type.slug).map((field) => ({ other, field })));
  const found = useResource(`referring ${row.id} ${fields.length}`, (signal) => Promise.all(fields.map(async ({ other, field }) => ({
    other, field,
    page: await api.post(path_of("entities", other.slug, "query"), { where: [{ field: field.path, operator: field.kind === "array" ? "contains" : "eq", value: row.id }], limit: 10 }, { signal }),
  }))));
  return (
    <Card title="Referred to by">
      {type.is_unknown ? <p class="muted">{unknown_schema(type)}</p> : fields.length === 0 ? <p class="muted">No schema refers to {type.slug}.</p> : (
        <Known of={found} lines={2}>
          {(lists) => lists.every(({ page }) => items_of(page).length === 0) ? <p class="muted">No row refers to this one.</p> : lists.map(({ other, field, page }) => items_of(page).length > 0 && (
            <section class="stack tight" key={other.slug + field.path}>
              <div class="row"><code>{other.slug}.{field.name}</code>
                <a class="small push" href={address(page_path("data", other.slug), { where: JSON.stringify([{ field: field.path, operator: "eq", value: row.id }]) })}>All of them</a></div>
              <ul class="stack tight">{items_of(page).map((entity) => <EntityLine key={entity.id} entity={entity} />)}</ul>
            </section>
          ))}
        </Known>
      )}
    </Card>
  );
}

// The names of relations are found in the newest events of the log and in rules; no list of them exists, so that a page
// cannot say that a row has none.
async function relation_names(signal) {
  const [events, roles] = await Promise.all([
    if_allowed(api.get("/v1/events", { signal, parameters: { type: "entity.linked", limit: 200 } })),
    if_allowed(api.get("/v1/roles", { signal })),
  ]);
  const names = new Set(events.map((event) => event.payload?.type).filter(Boolean));
  const text = JSON.stringify(roles);
  for (const [, name] of text.matchAll(/actor\.relatedIds:([A-Za-z0-9_-]+)/g)) names.add(name);
  for (const [, path] of text.matchAll(/"relationPath":"([^"]+)"/g)) for (const hop of path.split("/")) names.add(hop.replace(/^\^/, ""));
  return [...names].sort();
}

const if_allowed = (reading) => reading.then(items_of, (failure) => {
  if (!failure.is_denied) throw failure;
  return [];
});

function Links({ row }) {
  const [overlay, set_overlay] = useState(null);
  const [named, set_named] = useState([]);
  const found = useResource(`relations ${row.id}|${named.join(" ")}`, async (signal) => {
    const names = [...new Set([...(await relation_names(signal)), ...named])];
    const sides = names.flatMap((name) => ["forward", "backward"].map((direction) => ({ name, direction })));
    const lists = await Promise.all(sides.map(async (side) => ({
      ...side, items: items_of(await api.get(path_of("relations", row.id, side.name), { signal, parameters: { direction: side.direction } })),
    })));
    return { names, lists: lists.filter((list) => list.items.length > 0) };
  });
  return (
    <Card title="Relations" aside={<Button small icon="link" onClick={() => set_overlay({ kind: "link" })}>Link…</Button>}>
      <Known of={found} lines={2}>
        {({ lists, names }) => lists.length === 0 ? <p class="muted">This row has none of the relations that were used lately or are named in rules{names.length > 0 && <> (<code>{names.join(", ")}</code>)</>}. It may have another: name it.</p> : lists.map(({ name, direction, items }) => (
          <section class="stack tight" key={name + direction}>
            <h3>{direction === "forward" ? <>{name} →</> : <>← {name}</>}</h3>
            <ul class="stack tight">{items.map((entity) => (
              <EntityLine key={entity.id} entity={entity}>
                <Button small kind="quiet" icon="close" label={`Unlink ${short_id(entity.id)}`} onClick={() => set_overlay({ kind: "unlink", name, from: direction === "forward" ? row.id : entity.id, to: direction === "forward" ? entity.id : row.id })} />
              </EntityLine>
            ))}</ul>
          </section>
        ))}
      </Known>
      <NameRelation add={(name) => set_named([...named, name])} />
      {overlay?.kind === "link" && <LinkDialog row={row} names={found.data?.names ?? []} close={() => set_overlay(null)} done={found.reload} />}
      {overlay?.kind === "unlink" && (
        <Confirm title={`Unlink ${overlay.name}?`} verb="Unlink" name={overlay.name} close={() => set_overlay(null)} act={async () => {
          await api.remove(path_of("relations", overlay.from, overlay.name, overlay.to));
          found.reload();
          return true;
        }}><p>Both rows stay. Rules that follow <code>{overlay.name}</code> no longer find one from the other.</p></Confirm>
      )}
    </Card>
  );
}

function NameRelation({ add }) {
  const submit = (event) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name").trim();
    if (name) add(name);
    event.currentTarget.reset();
  };
  return (
    <form class="toolbar" aria-label="Look for another relation" onSubmit={submit}>
      <input class="input small fit-input mono" name="name" required aria-label="Name of a relation" placeholder="another relation, such as teaches" />
      <Button small type="submit">Look for it</Button>
    </form>
  );
}

function LinkDialog({ row, names, close, done }) {
  const [name, set_name] = useState(names[0] ?? "");
  const [other, set_other] = useState("");
  const [direction, set_direction] = useState("forward");
  const id = useId();
  const action = useAction(async () => {
    const [from, to] = direction === "forward" ? [row.id, other.trim()] : [other.trim(), row.id];
    await api.put(path_of("relations", from, name, to), {});
    done();
    close();
    return true;
  });
  return (
    <Dialog title="Link two rows" close={close} submit={action.run} actions={<>
      <Button onClick={close}>Cancel</Button><Button type="submit" kind="primary" disabled={!name || !other || action.is_busy}>Link</Button>
    </>}>
      <Field id={`${id}-name`} label="Relation"><input id={`${id}-name`} class="input mono" list={`${id}-names`} value={name} onInput={(event) => set_name(event.currentTarget.value)} placeholder="teaches" /></Field>
      <datalist id={`${id}-names`}>{names.map((one) => <option key={one} value={one} />)}</datalist>
      <Field id={`${id}-direction`} label="Direction"><Select id={`${id}-direction`} value={direction} onChange={(event) => set_direction(event.currentTarget.value)} options={[["forward", "from this row to the other"], ["backward", "from the other to this row"]]} /></Field>
      <Field id={`${id}-other`} label="Id of the other row"><input id={`${id}-other`} class="input mono" value={other} onInput={(event) => set_other(event.currentTarget.value)} /></Field>
      <Failure failure={action.failure} />
    </Dialog>
  );
}
