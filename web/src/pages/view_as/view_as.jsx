// View as: the rows and cells exactly as an actor has them, beside what is refused or masked, with the reason one
// click away. Everything is read by impersonation, the same path that the actor's own requests take.
import { useState } from "preact/hooks";
import { api, items_of, path_of } from "../../api/client.js";
import { read_actors, words_of_actor } from "../../app/actors.js";
import { address, Link, navigate, set_parameters } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Missing } from "../../app/missing.jsx";
import { Badge, Button, Empty, Failure, Loading, Page, plural, Select } from "../../kit/basic.jsx";
import { CopyAs } from "../../kit/copy_as.jsx";
import { Icon } from "../../kit/icons.jsx";
import { useResource } from "../../kit/resource.js";
import { Pager } from "../../kit/pages.jsx";
import { RowsTable, treatment_of } from "../../kit/rows.jsx";
import { value_at } from "../../kit/json.jsx";
import { FilterChips, FilterForm } from "../data/filters.jsx";
import { order_of, where_of } from "../data/query.js";
import { call_of, columns_of, next_order, SearchBox, useRowPages } from "../data/rows_page.jsx";
import { ActorList } from "./actor_list.jsx";
import { ExplainDrawer } from "./explain.jsx";

export function ViewAsPage({ parameters }) {
  const { types } = useSession();
  const actors = useResource("actors", read_actors);
  const slug = parameters.type ?? types.data?.[0]?.slug;
  const type = types.data?.find((one) => one.slug === slug);
  return (
    <Page title="View as" lead="See the data exactly as a user, a key, an agent or a role sees it. Nothing is simulated, and nothing can be written."
      actions={type && parameters.as && <CopyAs call={call_of(type, { where: where_of(parameters) }, parameters.as)} />}>
      {types.failure ? <Failure failure={types.failure} again={types.reload} /> : !types.data ? <Loading /> : !slug ? (
        <Empty icon="eye" title="There is nothing to look at yet"><p>This environment has no entity types. Sync or deploy some first.</p></Empty>
      ) : !type ? <Missing is_part what="entity type" name={slug} list="/view-as" list_name="Another type" /> : (
        <div class="columns side-left" data-chosen={Boolean(parameters.as)}>
          <ActorList actors={actors} chosen={parameters.as} />
          <div class="grow">
            <div class="toolbar">
              <Select fit aria-label="Entity type" value={slug} onChange={(event) => navigate(address("/view-as", { as: parameters.as, mode: parameters.mode, type: event.currentTarget.value }))}
                options={types.data.map((one) => [one.slug, one.name || one.slug])} />
              {parameters.as && <Modes mode={parameters.mode} />}
            </div>
            {!parameters.as ? (
              <Empty icon="eye" title="Whose eyes?"><p>Choose a user, a role, a key or an agent. You will see their rows and cells, what is refused or masked, and why.</p></Empty>
            ) : <Seen key={`${slug} ${parameters.as} ${parameters.mode}`} type={type} parameters={parameters} actors={actors.data} />}
          </div>
        </div>
      )}
    </Page>
  );
}

const Modes = ({ mode }) => (
  <div class="switch neutral" role="group" aria-label="What is shown">
    {[[undefined, "Beside mine"], ["exact", "Only theirs"]].map(([key, words]) => (
      <a key={words} href={address("/view-as")} aria-current={mode === key ? "true" : undefined} onClick={(event) => { event.preventDefault(); set_parameters({ mode: key, cursor: undefined }); }}>{words}</a>
    ))}
  </div>
);

const actions = ["list", "read", "create", "update", "delete"];

function useDecisions(type, about) {
  return useResource(`can ${type.slug} ${about}`, (signal) => Promise.all(actions.map(async (action) => ({
    action, ...(await api.post("/v1/can", { action, resource: type.slug }, { signal, view_as: about })),
  }))));
}

function Seen({ type, parameters, actors }) {
  const about = parameters.as;
  const is_exact = parameters.mode === "exact";
  const [why, set_why] = useState(null);
  const [is_filtering, set_filtering] = useState(false);
  const decisions = useDecisions(type, about);
  const { page, pager } = useRowPages(type.slug, parameters, { view_as: is_exact ? about : undefined });
  const rows = page.data?.items ?? [];
  const ids = rows.map((row) => row.id);
  const seen = useResource(is_exact || ids.length === 0 ? null : `seen ${about} ${ids.join()}`, async (signal) => {
    try {
      const answer = await api.post(path_of("entities", type.slug, "query"), { where: [{ field: "id", operator: "in", value: ids }], limit: ids.length }, { signal, view_as: about });
      return { rows: new Map(items_of(answer).map((row) => [row.id, row])) };
    } catch (failure) {
      if (!failure.is_denied) throw failure;
      return { rows: new Map(), denial: failure };
    }
  });
  const { all, shown } = columns_of(type, rows, parameters.columns);
  const where = where_of(parameters);
  const change_where = (next) => set_parameters({ where: next.length > 0 ? JSON.stringify(next) : undefined, cursor: undefined });
  const verdict_of = is_exact || !seen.data ? undefined : (row) => {
    const theirs = seen.data.rows.get(row.id);
    if (!theirs) return { refused: true };
    return { seen: theirs, count: all.filter((field) => treatment_of(value_at(row, field.path), value_at(theirs, field.path)) !== "clear").length };
  };
  const verdicts = verdict_of ? rows.map(verdict_of) : [];
  const columns = verdict_of && !parameters.columns ? masked_first(shown, rows, seen.data.rows) : shown;
  return (
    <>
      <div class="see-bar">
        <Icon name="eye" />
        <span>As <span class="who">{words_of_actor(about, actors)}</span></span>
        <span class="tally" aria-label="What they may do with this type">
          {decisions.data?.map((one) => <Badge key={one.action} kind={one.allowed ? "good" : "bad"} icon={one.allowed ? "check" : "close"} title={one.reason}>{one.action}</Badge>)}
        </span>
        <span class="row push"><Button small onClick={() => set_why({})}>Why?</Button><Button small kind="quiet" onClick={() => set_parameters({ as: undefined })}>Stop</Button></span>
      </div>
      {decisions.failure && <Failure failure={decisions.failure} />}
      <div class="toolbar">
        <SearchBox key={parameters.search ?? ""} type={type} parameters={parameters} />
        <FilterChips where={where} change={change_where} />
        <Button icon="filter" onClick={() => set_filtering(!is_filtering)} aria-expanded={is_filtering}>Filter</Button>
        {verdict_of && <Tally verdicts={verdicts} />}
      </div>
      {is_filtering && <FilterForm fields={all.filter((field) => field.path.startsWith("data."))} add={(node) => change_where([...where, node])} close={() => set_filtering(false)} />}
      {seen.data?.denial && <Denied failure={seen.data.denial} why={() => set_why({})} />}
      {page.failure ? (page.failure.is_denied && is_exact ? <Denied failure={page.failure} why={() => set_why({})} /> : <Failure failure={page.failure} again={page.reload} />)
        : seen.failure ? <Failure failure={seen.failure} again={seen.reload} />
        : !page.data || (!is_exact && rows.length > 0 && !seen.data) ? <Loading lines={10} />
        : rows.length === 0 ? (
          <Empty icon="eye" title={is_exact ? "They see no row here" : "There is no row to compare"}>
            <p>{is_exact ? "Their list is empty: no grant admits a row, or none agrees with the filters." : "Remove a filter, or make rows first."}</p>
            {is_exact && <Button onClick={() => set_parameters({ mode: undefined })}>Show what is refused</Button>}
          </Empty>
        ) : (
          <>
            <RowsTable {...{ type, rows, fields: columns, order: order_of(parameters), verdict_of }} label={`${type.slug} as ${words_of_actor(about, actors)}`}
              on_why={(row, field) => set_why({ id: row.id, field })} on_order={(path) => set_parameters({ order: next_order(parameters, path), cursor: undefined })} />
            <Pager shown={is_exact ? `${plural(rows.length, "row")}, exactly as they have them` : `${plural(rows.length, "row")} of yours on this page`} {...pager} />
            {!is_exact && <Legend />}
          </>
        )}
      {why && <ExplainDrawer about={about} actors={actors} type={type} id={why.id} field={why.field} close={() => set_why(null)} />}
    </>
  );
}

// What is masked is what somebody came to see: those columns stand right after the first one.
function masked_first(fields, rows, theirs) {
  const is_masked = (field) => rows.some((row) => theirs.has(row.id) && treatment_of(value_at(row, field.path), value_at(theirs.get(row.id), field.path)) !== "clear");
  const [first, ...rest] = fields;
  if (!first) return fields;
  return [first, ...rest.filter(is_masked), ...rest.filter((field) => !is_masked(field))];
}

function Tally({ verdicts }) {
  const refused = verdicts.filter((one) => one.refused).length;
  const masked = verdicts.reduce((sum, one) => sum + (one.count ?? 0), 0);
  return (
    <span class="row wrap push" role="status">
      <Badge kind="good">{verdicts.length - refused} visible</Badge>
      <Badge kind={refused > 0 ? "bad" : ""}>{refused} refused</Badge>
      <Badge kind={masked > 0 ? "see" : ""}>{plural(masked, "cell")} masked</Badge>
    </span>
  );
}

const Denied = ({ failure, why }) => (
  <div class="callout bad"><Icon name="hidden" /><div class="words"><b>They may not list this type at all.</b> {failure.message}</div><Button small onClick={why}>Why?</Button></div>
);

const Legend = () => (
  <p class="legend">
    <span><Badge kind="good" icon="check">visible</Badge> the whole row</span>
    <span><Badge kind="see" icon="hidden">masked</Badge> they have it without these cells, or with the replacement shown</span>
    <span><Badge kind="bad" icon="close">refused</Badge> for them the row does not exist</span>
    <span class="muted">Grey text is yours, never theirs. <Link to="/access">All rules</Link></span>
  </p>
);
