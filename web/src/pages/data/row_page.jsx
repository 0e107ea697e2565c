// One row: its fields, JSON, relations, history, and who may see it.
import { useState } from "preact/hooks";
import { api, path_of } from "../../api/client.js";
import { current_environment, in_environment } from "../../app/environment.js";
import { useKeys } from "../../app/keyboard.js";
import { Missing } from "../../app/missing.jsx";
import { address, navigate, page_path } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Badge, Button, Card, copy_text, Empty, Failure, Known, Loading, Page, Tabs, Time } from "../../kit/basic.jsx";
import { CopyAs, literal, quoted } from "../../kit/copy_as.jsx";
import { Confirm } from "../../kit/dialog.jsx";
import { useIsHere } from "../../kit/here.js";
import { JsonView, leaves_of } from "../../kit/json.jsx";
import { open_menu } from "../../kit/menu.jsx";
import { useGrowingList } from "../../kit/pages.jsx";
import { useAction, useResource } from "../../kit/resource.js";
import { short_id, Value } from "../../kit/rows.jsx";
import { expand_of, fields_of, title_of } from "../../kit/schema.js";
import { toast } from "../../kit/toast.jsx";
import { Timeline } from "../audit/timeline.jsx";
import { EditDialog } from "./edit_dialog.jsx";
import { Relations } from "./relations.jsx";
import { Visibility } from "./visibility.jsx";

export function RowPage({ type, id, tab = "fields" }) {
  const row = useResource(`row ${type.slug} ${id}`, (signal) => api.get(path_of("entities", type.slug, id), { signal, parameters: { expand: expand_of(type)?.join(",") } }));
  const [overlay, set_overlay] = useState(null);
  const is_here = useIsHere();
  useKeys({ e: () => row.data && set_overlay("edit") });
  const here = page_path("data", type.slug, id);
  const crumbs = [["Data", "/data"], [type.name || type.slug, page_path("data", type.slug)]];
  if (row.failure?.is_missing) return <Gone type={type} id={id} reload={row.reload} />;
  const close = () => set_overlay(null);
  const environment = current_environment();
  const actions = row.data && <>
    <CopyAs call={{
      path: path_of("entities", type.slug, id),
      cpp: `const Entity entity = session.entities(${literal(type.slug)}).get(EntityId(${literal(id)}));`,
      cli: `data get ${quoted(type.slug)} ${quoted(id)}`,
    }} />
    <Button icon="more" label="More" onClick={(event) => open_menu(event, [
      { words: "Copy the id", icon: "copy", act: () => copy_text(id) },
      { words: "Copy the JSON", icon: "copy", act: () => copy_text(JSON.stringify(row.data.data, null, 2)) },
      { words: "Who can see this?", icon: "eye", act: () => navigate(address(`${here}/visibility`)) },
      null,
      { words: "Delete…", icon: "trash", danger: true, act: () => set_overlay("delete") },
    ])} />
    <Button kind="primary" icon="edit" onClick={() => set_overlay("edit")}>Edit</Button>
  </>;
  return (
    <Page title={title_of(type, row.data) ?? <span class="mono">{short_id(id)}</span>} crumbs={crumbs} actions={actions} badges={row.data && <>
      <Badge kind={row.data.status === "active" ? "good" : ""}>{row.data.status ?? "status hidden"}</Badge>
      <span class="identifier" title={id}>{short_id(id)}</span>
      <span class="muted small">version {row.data.version} · changed <Time ms={row.data.updatedAt} /></span>
    </>}>
      <Tabs label="Parts of the row" tabs={[["Fields", here], ["JSON", `${here}/json`], ["Relations", `${here}/relations`], ["History", `${here}/history`], ["Who sees it", `${here}/visibility`]]} />
      {row.failure ? <Failure failure={row.failure} again={row.reload} /> : !row.data ? <Loading /> : (
        <>
          {tab === "fields" && <Fields type={type} row={row.data} />}
          {tab === "json" && <Card flush title="Data" aside={<Button small icon="copy" onClick={() => copy_text(JSON.stringify(row.data.data, null, 2))}>Copy</Button>}><JsonView value={row.data.data} /></Card>}
          {tab === "relations" && <Relations type={type} row={row.data} />}
          {tab === "history" && <History id={id} />}
          {tab === "visibility" && <Visibility type={type} row={row.data} />}
        </>
      )}
      {overlay === "edit" && row.data && <EditDialog type={type} row={row.data} close={close} saved={row.reload} />}
      {overlay === "delete" && (
        <Confirm title={`Delete this ${type.slug}?`} verb="Delete" name={type.slug} close={close} act={async () => {
          await api.remove(path_of("entities", type.slug, id));
          toast(`${in_environment("Deleted", environment)}. It can be restored.`, "good");
          if (is_here()) navigate(address(page_path("data", type.slug)));
          return true;
        }}>
          <p>The row <code>{id}</code> leaves every list. It is kept, and an admin can restore it from its address.</p>
        </Confirm>
      )}
    </Page>
  );
}

function Fields({ type, row }) {
  const known = fields_of(type);
  const by_path = new Map(known.map((field) => [field.path, field]));
  const leaves = leaves_of(row.data, "data");
  const missing = known.filter((field) => !leaves.some(([path]) => path === field.path || path.startsWith(`${field.path}.`)));
  return (
    <div class="columns side-right">
      <Card flush title="Fields">
        {leaves.length + missing.length === 0 && <p class="muted body">This row has no fields.</p>}
        <dl class="lines">
          {leaves.map(([path, value]) => [<dt key={path}>{path.replace(/^data\.?/, "") || "data"}</dt>, <dd key={`${path}=`}><Value value={value} field={by_path.get(path)} found={row.expanded?.[path]} length={4000} /></dd>])}
          {missing.map((field) => [<dt key={field.path}>{field.name}</dt>, <dd key={`${field.path}=`} class="muted">absent</dd>])}
        </dl>
      </Card>
      <Card flush title="Row">
        <dl class="lines">
          <dt>id</dt><dd class="mono small">{row.id}</dd>
          <dt>type</dt><dd>{row.type}</dd>
          <dt>status</dt><dd>{row.status ?? "–"}</dd>
          <dt>version</dt><dd>{row.version}</dd>
          <dt>created</dt><dd><Time ms={row.createdAt} full /></dd>
          <dt>changed</dt><dd><Time ms={row.updatedAt} full /></dd>
        </dl>
      </Card>
    </div>
  );
}

function History({ id }) {
  const { first, items, more, is_busy } = useGrowingList("/v1/events", { entity: id, limit: 200 });
  return (
    <Known of={first}>
      {() => items.length === 0
        ? <Empty icon="audit" title="The log has no event of this row"><p>Retention may have removed them.</p></Empty>
        : <><Timeline events={items} hides_entity />{more && <Button small disabled={is_busy} onClick={more}>Earlier events</Button>}</>}
    </Known>
  );
}

// A deleted row is in no view, but it is kept: this is where it can be restored.
function Gone({ type, id, reload }) {
  const { me } = useSession();
  const environment = current_environment();
  const is_here = useIsHere();
  const [is_purging, set_purging] = useState(false);
  const action = useAction(async () => {
    await api.post(path_of("entities", type.slug, id, "restore"));
    toast(in_environment("Restored", environment), "good");
    reload();
    return true;
  });
  return (
    <>
      <Missing what={type.slug} name={short_id(id)} list={page_path("data", type.slug)} list_name={`All of ${type.slug}`}>
        {me.data?.isOrgAdmin ? "Rows belong to one environment. If this one was deleted here, it can be restored, or removed for good with what the log holds of it."
          : "Rows belong to one environment. You may not see this one, or it was deleted; an org admin can restore it."}
      </Missing>
      {me.data?.isOrgAdmin && <div class="empty">
        <div class="row"><Button icon="restore" disabled={action.is_busy} onClick={action.run}>Restore it</Button>
          <Button kind="danger" icon="trash" onClick={() => set_purging(true)}>Purge…</Button></div>
        <Failure failure={action.failure} />
      </div>}
      {is_purging && (
        <Confirm title="Purge this row for good?" verb="Purge" name={type.slug} always close={() => set_purging(false)} act={async () => {
          await api.post(path_of("entities", type.slug, id, "purge"));
          toast(in_environment("Purged", environment), "good");
          if (is_here()) navigate(address(page_path("data", type.slug)));
          return true;
        }}><p>The row, its relations and the payloads of its events are removed and cannot be brought back. The chain still verifies.</p></Confirm>
      )}
    </>
  );
}
