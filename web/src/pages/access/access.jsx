// /access: the matrix of roles, types and actions. /access/roles, /access/keys, /access/members.
import { useState } from "preact/hooks";
import { api, items_of } from "../../api/client.js";
import { current_environment, environment_name } from "../../app/environment.js";
import { Link, page_path } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Badge, Command, Empty, Known, Page, plural, Tabs } from "../../kit/basic.jsx";
import { CopyAs } from "../../kit/copy_as.jsx";
import { Dialog } from "../../kit/dialog.jsx";
import { useResource } from "../../kit/resource.js";
import { KeysPage } from "./keys.jsx";
import { MembersPage } from "./members.jsx";
import { actions, letters, masks_of, power_of, rules_of, words_of_power } from "./powers.js";
import { RolePage } from "./role_page.jsx";
import { RoleRules } from "./role_rules.jsx";

export function useRoles() {
  return useResource("roles", async (signal) => items_of(await api.get("/v1/roles", { signal })));
}

const tabs = [["Matrix", "/access"], ["Roles", "/access/roles"], ["Keys", "/access/keys"], ["Members", "/access/members"]];

export function AccessPage({ segments }) {
  const [part, name] = segments;
  if (part === "roles" && name) return <RolePage key={name} name={name} />;
  return (
    <>
      {part === "keys" ? <KeysPage tabs={<Tabs label="Access" tabs={tabs} />} /> : part === "members" ? <MembersPage tabs={<Tabs label="Access" tabs={tabs} />} /> : <Overview part={part} />}
    </>
  );
}

function Overview({ part }) {
  const roles = useRoles();
  return (
    <Page title="Access" lead="What each role may do with each type in this environment. One grant that admits a row is enough; a deny wins over every allow."
      actions={<CopyAs call={{ path: "/v1/roles", cpp: "for (const RoleRecord& role : session.roles().list()) …;", cli: "roles list" }} />}>
      <Tabs label="Access" tabs={tabs} />
      <Known of={roles}>
        {(list) => list.length === 0 ? <NoRoles /> : part === "roles" ? <RoleTiles roles={list} /> : <Matrix roles={list} />}
      </Known>
    </Page>
  );
}

const NoRoles = () => (
  <Empty icon="role" title={`${environment_name[current_environment()]} has no roles yet`}>
    <p>Without a role nobody but an org admin sees or does anything here.</p>
    {current_environment() === "development" ? <><Command>struere add role author</Command><Command>struere sync</Command></> : <Link class="button" to="/releases">Deploy development's</Link>}
  </Empty>
);

function RoleTiles({ roles }) {
  return (
    <div class="grid">
      {roles.map((role) => (
        <Link class="tile" key={role.name} to={page_path("access", "roles", role.name)}>
          <span class="name">{role.name}</span>
          <span class="facts">
            <Badge>{plural((role.policies ?? []).length, "policy", "policies")}</Badge><Badge>{plural((role.scopeRules ?? []).length, "rule")}</Badge>
            <Badge kind={masks_of(role).length > 0 ? "see" : ""}>{plural(masks_of(role).length, "mask")}</Badge>
          </span>
        </Link>
      ))}
    </div>
  );
}

function Matrix({ roles }) {
  const { types } = useSession();
  const [chosen, set_chosen] = useState(null);
  const list = types.data ?? [];
  return (
    <>
      <div class="table-box" tabIndex={0} role="region" aria-label="Roles, types and actions">
        <table class="matrix">
          <thead><tr><th scope="col">role</th>{list.map((type) => <th scope="col" class="type" key={type.slug}><Link to={page_path("data", type.slug)}>{type.slug}</Link></th>)}</tr></thead>
          <tbody>
            {roles.map((role) => (
              <tr key={role.name}>
                <th scope="row"><Link to={page_path("access", "roles", role.name)}>{role.name}</Link></th>
                {list.map((type) => <td key={type.slug}><Powers role={role} slug={type.slug} open={() => set_chosen({ role, type })} /></td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="legend">
        {actions.map((action) => <span key={action}><b class="mono">{letters[action]}</b> {action}</span>)}
        <span><span class="power allow">R</span> all rows</span><span><span class="power rule">R</span> rows of its rules</span>
        <span><span class="power deny">R</span> denied</span><span><span class="power">R</span> no policy: no</span><span><Badge kind="see" icon="hidden">2</Badge> masked fields</span>
      </p>
      {chosen && (
        <Dialog title={`${chosen.role.name} and ${chosen.type.slug}`} kind="wide" close={() => set_chosen(null)}
          actions={<><Link class="button" to="/view-as" parameters={{ type: chosen.type.slug, as: `roles:${chosen.role.name}` }}>View {chosen.type.slug} as {chosen.role.name}</Link>
            <Link class="button primary" to={page_path("access", "roles", chosen.role.name)}>Open the role</Link></>}>
          <RoleRules role={chosen.role} slug={chosen.type.slug} />
        </Dialog>
      )}
    </>
  );
}

function Powers({ role, slug, open }) {
  const powers = actions.map((action) => [action, power_of(role, slug, action)]);
  const masks = masks_of(role, slug);
  const rules = rules_of(role, slug);
  const words = `${role.name}, ${slug}: ${powers.map(([action, power]) => `${action} ${words_of_power[power]}`).join(", ")}; ${plural(rules.length, "rule")}, ${plural(masks.length, "mask")}`;
  return (
    <button type="button" class="powers" title={words} onClick={open}>
      <span class="visually-hidden">{words}</span>
      {powers.map(([action, power]) => <span key={action} class={`power ${power}`} aria-hidden="true">{letters[action]}</span>)}
      {masks.length > 0 && <span aria-hidden="true"><Badge kind="see" icon="hidden">{masks.length}</Badge></span>}
    </button>
  );
}
