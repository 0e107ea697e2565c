// A table of entities: cells by kind, a menu for each cell, j and k. View as adds a verdict to each row.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Link, navigate, address, page_path } from "../app/router.jsx";
import { useKeys } from "../app/keyboard.js";
import { useType } from "../app/session.jsx";
import { Button, Time } from "./basic.jsx";
import { Icon } from "./icons.jsx";
import { brief, value_at } from "./json.jsx";
import { title_of } from "./schema.js";

export const short_id = (id) => (id.length > 14 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id);

// The value of one field. Stored text is only ever a text node.
export function Value({ value, field, length, found }) {
  if (value === undefined) return <span class="value absent" aria-label="absent">–</span>;
  if (value === null) return <span class="value text-null">null</span>;
  if (field?.kind === "time" && typeof value === "number") return <span class="value"><Time ms={value} /></span>;
  if (typeof value === "boolean") return <span class="value bool">{String(value)}</span>;
  if (typeof value === "number") return <span class="value number">{String(value)}</span>;
  if (field?.kind === "date-time" && typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !length)
    return <span class="value number" title={value}>{value.slice(0, 16).replace("T", " ")}{value.endsWith("Z") ? " Z" : ""}</span>;
  if (field?.references && typeof value === "string") return <Reference slug={field.references} id={value} found={[found].flat()} />;
  if (Array.isArray(value) && field?.references)
    return <span class="value">{value.map((one, i) => <span key={i}>{i > 0 && ", "}<Reference slug={field.references} id={String(one)} found={[found].flat()} /></span>)}</span>;
  const text = brief(value, length ?? 160);
  return <span class={`value ${typeof value === "object" ? "bool" : ""}`} title={text}>{text === "" ? <span class="muted">""</span> : text}</span>;
}

// By the name of the row, if it was read with the one that refers to it.
function Reference({ slug, id, found }) {
  const type = useType(slug);
  const title = title_of(type, found.find((row) => row?.id === id));
  return <Link class={title ? "value" : "value identifier"} to={page_path("data", slug, id)} title={`${slug} ${id}`}>{title ?? short_id(id)}</Link>;
}

const is_number_field = (field) => field.kind === "number" || field.kind === "integer";

// `verdict_of(row)`: undefined, or {refused} or {seen: the row as somebody else has it}.
export function RowsTable({ type, rows, fields, order, on_order, on_menu, verdict_of, on_why, label }) {
  const [at, set_at] = useState(-1);
  const body = useRef();
  const step = (by) => set_at((here) => Math.max(0, Math.min(rows.length - 1, here + by)));
  useLayoutEffect(() => set_at(-1), [rows]);  // before a key can come
  useEffect(() => body.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => rows[at] !== undefined && navigate(address(page_path("data", type.slug, rows[at].id))),
    m: (event) => {
      const cell = body.current?.children[at]?.querySelector("td.cell");
      if (!cell || !on_menu) return false;
      on_menu({ type: event.type, currentTarget: cell, preventDefault: () => event.preventDefault() }, rows[at], fields[0], value_at(rows[at], fields[0].path));
      return true;
    },
  });
  const direction_of = (path) => ({ asc: "ascending", desc: "descending" })[order.find((key) => key.field === path)?.direction];
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {verdict_of && <th class="verdict" scope="col">Verdict</th>}
            <th scope="col">id</th>
            {fields.map((field) => (
              <th key={field.path} scope="col" class={is_number_field(field) ? "number" : ""} aria-sort={direction_of(field.path) ?? undefined}>
                {on_order ? (
                  <button type="button" onClick={() => on_order(field.path)} title={`Order by ${field.name} · ${field.kind}${field.is_indexed ? "" : " · no x-index: reads every row"}`}>
                    {field.name}{direction_of(field.path) && <Icon name={direction_of(field.path) === "ascending" ? "up" : "down"} />}
                  </button>
                ) : field.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, i) => (
            <Row key={row.id} {...{ type, row, fields, on_menu, on_why }} is_current={i === at} verdict={verdict_of?.(row)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ type, row, fields, on_menu, on_why, is_current, verdict }) {
  const is_refused = verdict?.refused === true;
  return (
    <tr data-current={is_current} class={is_refused ? "refused" : ""}>
      {verdict && (
        <td class="verdict">
          <button type="button" class={`badge ${is_refused ? "bad" : verdict.count > 0 ? "see" : "good"}`} onClick={() => on_why(row)} title="Why?">
            <Icon name={is_refused ? "close" : verdict.count > 0 ? "hidden" : "check"} />
            {is_refused ? "refused" : verdict.count > 0 ? `${verdict.count} masked` : "visible"}
          </button>
        </td>
      )}
      <td class="nowrap"><Link class="identifier" to={page_path("data", type.slug, row.id)} title={row.id}>{short_id(row.id)}</Link></td>
      {fields.map((field) => (
        <Cell key={field.path} {...{ row, field, verdict, on_menu, on_why }} />
      ))}
    </tr>
  );
}

function Cell({ row, field, verdict, on_menu, on_why }) {
  const value = value_at(row, field.path);
  const treatment = verdict && !verdict.refused ? treatment_of(value, value_at(verdict.seen, field.path)) : "clear";
  const menu = on_menu && ((event) => on_menu(event, row, field, value));
  const name = `cell ${is_number_field(field) ? "number" : ""} ${treatment === "clear" ? "" : `${treatment}-cell`}`;
  return (
    <td class={name} onContextMenu={menu}>
      {treatment === "clear" ? <Value value={value} field={field} found={row.expanded?.[field.path]} /> : (
        <button type="button" class="masked-word" onClick={() => on_why(row, field)} title={`Why is ${field.name} ${treatment}?`}>
          <Icon name="hidden" />
          {treatment === "hidden" ? "hidden" : brief(value_at(verdict.seen, field.path), 24)}
          <span class="behind">{brief(value, 40)}</span>
        </button>
      )}
      {menu && <button type="button" class="cell-menu" aria-label={`Menu of ${field.name}`} onClick={menu}><Icon name="more" /></button>}
    </td>
  );
}

export function treatment_of(value, seen) {
  if (value === undefined) return "clear";
  if (seen === undefined) return "hidden";
  return JSON.stringify(value) === JSON.stringify(seen) ? "clear" : "redacted";
}
