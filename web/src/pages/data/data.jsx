// /data: the types. /data/TYPE: its rows. /data/TYPE/ID: one row.
import { useState } from "preact/hooks";
import { api, path_of } from "../../api/client.js";
import { current_environment, environment_name } from "../../app/environment.js";
import { address, Link, navigate, page_path } from "../../app/router.jsx";
import { useSession, useType } from "../../app/session.jsx";
import { Missing } from "../../app/missing.jsx";
import { Badge, Button, Command, Empty, Known, Loading, Page, plural } from "../../kit/basic.jsx";
import { CopyAs } from "../../kit/copy_as.jsx";
import { fields_of } from "../../kit/schema.js";
import { useAction } from "../../kit/resource.js";
import { RowPage } from "./row_page.jsx";
import { RowsPage } from "./rows_page.jsx";
import { TypePage } from "./type_page.jsx";

export function DataPage({ segments, parameters }) {
  const [slug, id] = segments;
  const { types } = useSession();
  const type = useType(slug);
  if (!slug) return <Types />;
  if (!types.data && !types.failure) return <Loading />;
  if (!type && types.data) return <Missing what="entity type" name={slug} list="/data" list_name="All types" />;
  const known = type ?? { slug, schema: {}, is_unknown: true, is_denied: types.failure.is_denied };
  if (id === "-" && segments[2] === "schema") return <TypePage type={known} />;
  if (id) return <RowPage key={id} type={known} id={id} tab={segments[2]} />;
  return <RowsPage key={slug} type={known} parameters={parameters} />;
}

function Types() {
  const { types } = useSession();
  return (
    <Page title="Data" lead="The entity types of this environment. Each has its own rows, schema and rules here."
      actions={<CopyAs call={{ path: "/v1/types", cpp: "for (const EntityType& type : session.entity_types().list()) …;", cli: "types list" }} />}>
      {types.failure && <OpenType />}
      <Known of={types}>
        {(list) => list.length === 0 ? <NoTypes /> : (
          <div class="grid">{list.map((type) => <TypeTile key={type.slug} type={type} />)}</div>
        )}
      </Known>
    </Page>
  );
}

// Only an org admin may list the types; a member may list the rows of a type all the same.
function OpenType() {
  const open = (event) => {
    event.preventDefault();
    const slug = new FormData(event.currentTarget).get("slug").trim();
    if (slug) navigate(address(page_path("data", slug)));
  };
  return (
    <form class="toolbar" aria-label="Open a type" onSubmit={open}>
      <input class="input small fit-input mono" name="slug" required data-search aria-label="Name of the type" placeholder="name of a type, such as note" />
      <Button small type="submit">Open its rows</Button>
    </form>
  );
}

const NoTypes = () => (
  <Empty icon="data" title={`${environment_name[current_environment()]} has no entity types yet`}>
    {current_environment() === "development" ? (
      <><p>Types, roles and rules are files. Write one, then bring development to what the files say.</p>
        <Command>struere add entity-type note</Command><Command>struere sync</Command></>
    ) : (
      <><p>Production gets what development holds, by a deploy. See the plan on the page Releases.</p><Link to="/releases" class="button">Releases</Link></>
    )}
  </Empty>
);

function TypeTile({ type }) {
  const fields = fields_of(type);
  return (
    <div class="tile">
      <Link to={page_path("data", type.slug)} class="name">{type.name || type.slug}</Link>
      <span class="mono small muted">{type.slug}</span>
      <div class="facts">
        <Badge>{plural(fields.length, "field")}</Badge>
        {(type.unique ?? []).length > 0 && <Badge>{plural(type.unique.length, "unique key")}</Badge>}
        {type.boundToRole && <Badge icon="role" title="A holder of the role may be one of these entities">is {type.boundToRole}</Badge>}
        <span class="push"><Count slug={type.slug} /></span>
      </div>
    </div>
  );
}

// A total costs a scan, so it is asked for and never shown by itself.
export function Count({ slug, query, view_as }) {
  const [count, set_count] = useState();
  const action = useAction(async () => {
    set_count((await api.post(path_of("entities", slug, "count"), query ?? {}, { view_as })).count);
    return true;
  });
  if (count !== undefined) return <span class="badge accent">{plural(count, "row")}</span>;
  return <Button kind="quiet" small disabled={action.is_busy} onClick={action.run}>{action.failure ? "Failed; count again" : "Count"}</Button>;
}
