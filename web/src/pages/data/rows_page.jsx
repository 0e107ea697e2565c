// The rows of a type: search, typed filters, order, columns and cursor pages, all of them in the address.
import { useState } from "preact/hooks";
import { api, download, path_of } from "../../api/client.js";
import { current_environment } from "../../app/environment.js";
import { useKeys } from "../../app/keyboard.js";
import { address, Link, navigate, page_path, set_parameters } from "../../app/router.jsx";
import { Badge, Button, copy_text, Empty, Failure, Loading, Page, plural } from "../../kit/basic.jsx";
import { CopyAs, literal, quoted } from "../../kit/copy_as.jsx";
import { Icon } from "../../kit/icons.jsx";
import { value_at } from "../../kit/json.jsx";
import { open_menu } from "../../kit/menu.jsx";
import { Pager, usePages } from "../../kit/pages.jsx";
import { RowsTable } from "../../kit/rows.jsx";
import { expand_of, fields_of } from "../../kit/schema.js";
import { Count } from "./data.jsx";
import { FilterChips, FilterForm } from "./filters.jsx";
import { ImportDialog } from "./import_dialog.jsx";
import { order_of, own_fields, query_of, where_fault, where_of } from "./query.js";
import { EditDialog } from "./edit_dialog.jsx";
import { ColumnsDialog } from "./columns_dialog.jsx";

// Columns of a row that the schema does not name: what the rows of this page have.
export function columns_of(type, rows, chosen) {
  const known = fields_of(type);
  const extra = new Map();
  for (const row of rows) for (const name of Object.keys(row.data ?? {}))
    if (!known.some((field) => field.path === `data.${name}` || field.path.startsWith(`data.${name}.`)))
      extra.set(name, { path: `data.${name}`, name, kind: "any" });
  const all = [...known, ...extra.values(), ...own_fields.slice(1)];
  if (chosen) return { all, shown: chosen.split(",").map((path) => all.find((field) => field.path === path)).filter(Boolean) };
  const ranked = [...known, ...extra.values()].map((field) => ({ field, rank: rank_of(field, rows) })).sort((a, b) => a.rank - b.rank);
  return { all, shown: [...ranked.slice(0, 9).map((one) => one.field), own_fields[3]] };
}

// What tells rows apart comes first; what no row of this page has comes last. The order is stable otherwise.
function rank_of(field, rows) {
  const is_absent = rows.length > 0 && rows.every((row) => value_at(row, field.path) === undefined);
  const is_telling = field.kind === "choice" || field.references || field.schema?.["x-index"];
  return (is_absent ? 4 : 0) + (field.is_required ? 0 : is_telling ? 1 : field.kind === "object" || field.kind === "array" ? 3 : 2);
}

export function useRowPages(slug, parameters, { view_as, expand } = {}) {
  const query = query_of(parameters);
  const fault = where_fault(parameters);
  const list = `${slug} ${view_as ?? ""} ${JSON.stringify({ ...query, cursor: undefined })} ${fault ? parameters.where : ""}`;
  return { query, ...usePages(list, async (cursor, signal) => {
    if (fault) throw fault;
    return api.post(path_of("entities", slug, "query"), { ...query, cursor, expand }, { signal, view_as });
  }) };
}

export function call_of(type, query, view_as) {
  const cli = ["data", "list", quoted(type.slug)];
  const conditions = [...(query.where ?? []), ...(query.status ? [{ field: "status", operator: "eq", value: query.status }] : [])];
  if (conditions.length > 0) cli.push("--where", quoted(JSON.stringify(conditions)));
  if (query.search) cli.push("--search", quoted(query.search));
  if (query.order?.[0]) cli.push("--order", quoted((query.order[0].direction === "desc" ? "-" : "") + query.order[0].field));
  const parts = [];
  if (query.where) parts.push(`.where = Json::parse(${literal(JSON.stringify(query.where))})`);
  if (query.status) parts.push(`.status = ${literal(query.status)}`);
  if (query.search) parts.push(`.search = ${literal(query.search)}`);
  if (query.order) parts.push(`.order = {${query.order.map((key) => `{${literal(key.field)}, Direction::${key.direction === "asc" ? "ascending" : "descending"}}`).join(", ")}}`);
  if (view_as?.startsWith("user:")) cli.push("--as", quoted(view_as.slice(5)));
  return {
    method: "POST",
    path: path_of("entities", type.slug, "query"),
    body: query,
    view_as,
    cpp: `for (const Entity& entity : session.entities(${literal(type.slug)}).list({${parts.join(", ")}}))\n  std::cout << entity.json() << '\\n';`,
    // The command acts as the system or a user.
    cli: !view_as || view_as.startsWith("user:") ? cli.join(" ") : undefined,
  };
}

export function SearchBox({ type, parameters }) {
  const [text, set_text] = useState(parameters.search ?? "");
  const fields = type.searchFields ?? [];
  const submit = (event) => {
    event.preventDefault();
    set_parameters({ search: text || undefined, cursor: undefined });
  };
  return (
    <form class="searching" role="search" onSubmit={submit}>
      <Icon name="search" />
      <input class="input" type="search" data-search aria-label={`Search ${type.slug}`} value={text} disabled={fields.length === 0 && !type.is_unknown}
        placeholder={type.is_unknown ? "Search" : fields.length > 0 ? `Search ${fields.join(", ")}` : "This type has no searchFields"} onInput={(event) => {
          set_text(event.currentTarget.value);
          if (event.currentTarget.value === "" && parameters.search) set_parameters({ search: undefined, cursor: undefined });
        }} />
    </form>
  );
}

export function next_order(parameters, path) {
  const now = order_of(parameters)[0];
  if (now?.field !== path) return path;
  return now.direction === "asc" ? `-${path}` : undefined;
}

export function RowsPage({ type, parameters }) {
  const [overlay, set_overlay] = useState(null);
  const { query, page, pager } = useRowPages(type.slug, parameters, { expand: expand_of(type) });
  const where = where_of(parameters);
  const rows = page.data?.items ?? [];
  const { all, shown } = columns_of(type, rows, parameters.columns);
  const change_where = (next) => set_parameters({ where: next.length > 0 ? JSON.stringify(next) : undefined, cursor: undefined });
  const close = () => set_overlay(null);
  useKeys({ n: () => set_overlay("new"), f: () => set_overlay("filter") });
  const cell_menu = (event, row, field, value) => open_menu(event, [
    { words: "Copy the value", icon: "copy", act: () => copy_text(typeof value === "string" ? value : JSON.stringify(value ?? null)) },
    value !== undefined && { words: "Filter by this", icon: "filter", act: () => change_where([...where, { field: field.path, operator: "eq", value }]) },
    value !== undefined && { words: "Leave this out", icon: "close", act: () => change_where([...where, { field: field.path, operator: "neq", value }]) },
    value === undefined && { words: "Only rows without it", icon: "filter", act: () => change_where([...where, { field: field.path, operator: "exists", value: false }]) },
    { words: `Order by ${field.name}`, icon: "down", act: () => set_parameters({ order: field.path, cursor: undefined }) },
    null,
    { words: "Open the row", icon: "chevron", act: () => navigate(address(page_path("data", type.slug, row.id))) },
    { words: "From whom is this hidden, and why?", icon: "eye", act: () => navigate(address(page_path("data", type.slug, row.id, "visibility"), { field: field.path })) },
    { words: "History of the row", icon: "audit", act: () => navigate(address(page_path("data", type.slug, row.id, "history"))) },
    { words: "Copy the id", icon: "copy", act: () => copy_text(row.id) },
  ], `${field.name} of ${row.id}`);
  const is_filtered = where.length > 0 || parameters.search || parameters.status;
  return (
    <Page title={type.name || type.slug} crumbs={[["Data", "/data"]]} badges={<Badge><span class="mono">{type.slug}</span></Badge>} actions={<>
      <Link class="button" to={page_path("data", type.slug, "-", "schema")}>Schema</Link>
      <Link class="button" to="/view-as" parameters={{ type: type.slug, where: parameters.where, search: parameters.search, status: parameters.status }}><Icon name="eye" />View as</Link>
      <CopyAs call={call_of(type, query)} />
      <Button icon="more" label="Import and export" onClick={(event) => open_menu(event, [
        { words: "Export all rows (NDJSON)", icon: "download", act: () => download(`${path_of("entities", type.slug)}/export`, `${type.slug}-${current_environment()}.ndjson`) },
        { words: "Import NDJSON…", icon: "upload", act: () => set_overlay("import") },
        { words: "Columns…", icon: "columns", act: () => set_overlay("columns") },
      ])} />
      <Button kind="primary" icon="plus" onClick={() => set_overlay("new")}>New row</Button>
    </>}>
      <div class="toolbar">
        <SearchBox key={parameters.search ?? ""} type={type} parameters={parameters} />
        <FilterChips where={where} change={change_where} />
        {parameters.status && <FilterChips where={[{ field: "status", operator: "eq", value: parameters.status }]} change={() => set_parameters({ status: undefined, cursor: undefined })} />}
        <Button icon="filter" onClick={() => set_overlay(overlay === "filter" ? null : "filter")} aria-expanded={overlay === "filter"}>Filter</Button>
        {page.is_loading && page.data && <span class="muted small" role="status">Loading…</span>}
      </div>
      {overlay === "filter" && <FilterForm fields={all.filter((field) => field.path.startsWith("data."))} add={(node) => change_where([...where, node])} close={close} />}
      {page.failure ? <><Failure failure={page.failure} again={page.reload} />{page.failure.code === "malformed_where" && <div class="row"><Button onClick={() => change_where([])}>Remove the filters</Button></div>}</> : !page.data ? <Loading lines={10} /> : rows.length === 0 ? (
        is_filtered ? (
          <Empty icon="filter" title="No row agrees with these filters">
            <Button onClick={() => set_parameters({ where: undefined, search: undefined, status: undefined, cursor: undefined })}>Remove all filters</Button>
          </Empty>
        ) : (
          <Empty icon="data" title={`There is no ${type.slug} yet`}>
            <p>Make the first one here, import a file, or write with the API: “Copy as” shows how.</p>
            <Button kind="primary" icon="plus" onClick={() => set_overlay("new")}>New row</Button>
          </Empty>
        )
      ) : (
        <>
          <RowsTable {...{ type, rows, fields: shown, order: order_of(parameters), on_menu: cell_menu }} label={`Rows of ${type.slug}`}
            on_order={(path) => set_parameters({ order: next_order(parameters, path), cursor: undefined })} />
          <Pager shown={plural(rows.length, "row") + " on this page"} {...pager}><Count key={JSON.stringify(where) + parameters.search} slug={type.slug} query={{ ...query, cursor: undefined, limit: undefined, order: undefined }} /></Pager>
        </>
      )}
      {overlay === "new" && <EditDialog type={type} close={close} saved={(row) => navigate(address(page_path("data", type.slug, row.id)))} />}
      {overlay === "import" && <ImportDialog type={type} close={close} done={page.reload} />}
      {overlay === "columns" && <ColumnsDialog all={all} shown={shown} close={close} />}
    </Page>
  );
}
