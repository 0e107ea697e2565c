// The definition of a type in this environment.
import { Link, page_path } from "../../app/router.jsx";
import { Badge, Card, Empty, Page } from "../../kit/basic.jsx";
import { CopyAs, literal } from "../../kit/copy_as.jsx";
import { JsonView } from "../../kit/json.jsx";
import { fields_of, unknown_schema } from "../../kit/schema.js";
import { path_of } from "../../api/client.js";

export function TypePage({ type }) {
  if (type.is_unknown) {
    return (
      <Page title="Schema" crumbs={[["Data", "/data"], [type.slug, page_path("data", type.slug)]]}>
        <Empty icon="hidden" title={unknown_schema(type)}><p>{type.is_denied ? "Types are for org admins. Rows, and what a role allows with them, do not depend on that." : "Try again later."}</p></Empty>
      </Page>
    );
  }
  return (
    <Page title="Schema" crumbs={[["Data", "/data"], [type.name || type.slug, page_path("data", type.slug)]]}
      lead="What a row of this type may hold. Change it in the files and sync; production follows by a deploy."
      actions={<CopyAs call={{ path: path_of("types", type.slug), cpp: `const EntityType type = session.entity_types().get(${literal(type.slug)});`, cli: "pull" }} />}>
      <div class="stack">
        <div class="table-box" tabIndex={0} role="region" aria-label="Fields">
          <table>
            <thead><tr><th scope="col">field</th><th scope="col">kind</th><th scope="col">says</th></tr></thead>
            <tbody>
              {fields_of(type).map((field) => (
                <tr key={field.path}>
                  <td class="mono">{field.name}</td>
                  <td>{field.references ? <Link to={page_path("data", field.references)}>{field.references}</Link> : field.kind}</td>
                  <td><span class="row wrap">{field.is_required && <Badge>required</Badge>}{field.schema["x-index"] && <Badge title="Filters and orders by it are seeks">indexed</Badge>}
                    {(type.searchFields ?? []).includes(field.name) && <Badge>searched</Badge>}
                    {(type.unique ?? []).some((key) => key.includes(field.name)) && <Badge>unique key</Badge>}
                    <span class="muted small">{field.schema.description ?? (field.kind === "choice" ? field.schema.enum.join(" | ") : "")}</span></span></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Card flush title="Definition"><JsonView value={Object.fromEntries(Object.entries(type).filter(([name]) => name !== "createdAt"))} /></Card>
      </div>
    </Page>
  );
}
