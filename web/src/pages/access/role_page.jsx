// One role: what it says, what it gives on real rows, and its definition to edit.
import { useState } from "preact/hooks";
import { api, items_of, path_of } from "../../api/client.js";
import { current_environment, in_environment, is_production } from "../../app/environment.js";
import { Missing } from "../../app/missing.jsx";
import { address, Link, navigate } from "../../app/router.jsx";
import { useSession } from "../../app/session.jsx";
import { Badge, Button, Card, Failure, Known, Loading, Page } from "../../kit/basic.jsx";
import { CopyAs, literal } from "../../kit/copy_as.jsx";
import { Confirm, Dialog } from "../../kit/dialog.jsx";
import { useIsHere } from "../../kit/here.js";
import { JsonEditor, useJsonText } from "../../kit/editor.jsx";
import { Diff, difference, same } from "../../kit/json.jsx";
import { open_menu } from "../../kit/menu.jsx";
import { useResource } from "../../kit/resource.js";
import { toast } from "../../kit/toast.jsx";
import { RoleRules } from "./role_rules.jsx";
import { TryRules } from "./try_rules.jsx";

const most_looked_at = 1000;

export function RolePage({ name }) {
  const role = useResource(`role ${name}`, (signal) => api.get(path_of("roles", name), { signal }));
  const members = useResource(`members of ${name}`, async (signal) => {
    const page = await api.get("/v1/members", { signal, parameters: { limit: most_looked_at } });
    return { holders: items_of(page).filter((one) => (one.roles ?? []).includes(name)), is_cut: Boolean(page.cursor) };
  });
  const { types } = useSession();
  const environment = current_environment();
  const is_here = useIsHere();
  const [overlay, set_overlay] = useState(null);
  if (role.failure?.is_missing) return <Missing what="role" name={name} list="/access/roles" list_name="All roles" />;
  const covered = (types.data ?? []).filter((type) => (role.data?.policies ?? []).some((policy) => policy.resource === "*" || policy.resource === type.slug));
  return (
    <Page title={name} crumbs={[["Access", "/access"], ["Roles", "/access/roles"]]} actions={role.data && <>
      <CopyAs call={{ path: path_of("roles", name), cpp: `const RoleRecord role = session.roles().get(${literal(name)});`, cli: "pull" }} />
      <Link class="button" to="/view-as" parameters={{ as: `roles:${name}`, type: covered[0]?.slug }}>View as {name}</Link>
      <Button icon="more" label="More" onClick={(event) => open_menu(event, [{ words: "Delete the role…", icon: "trash", danger: true, act: () => set_overlay("delete") }])} />
      <Button kind="primary" icon="edit" onClick={() => set_overlay("edit")}>Edit</Button>
    </>}>
      {role.failure ? <Failure failure={role.failure} again={role.reload} /> : !role.data ? <Loading /> : (
        <div class="columns side-right">
          <RoleRules role={role.data} />
          <div class="stack">
            <Card title="Held here by">
              <Known of={members} lines={2}>{({ holders, is_cut }) => <>
                {is_cut && <p class="muted small">Of the first {most_looked_at} members.</p>}
                {holders.length === 0 ? <p class="muted">Nobody in {current_environment()}. <Link to="/access/members">Assign it</Link></p> : (
                  <ul class="stack tight">{holders.map((one) => <li key={one.id}><Link to="/view-as" parameters={{ as: `user:${one.id}` }}>{one.name ?? one.id}</Link></li>)}</ul>
                )}
              </>}</Known>
            </Card>
            <Card title="May touch">
              <ul class="row wrap">{covered.map((type) => <li key={type.slug}><Link to="/view-as" parameters={{ as: `roles:${name}`, type: type.slug }}><Badge>{type.slug}</Badge></Link></li>)}</ul>
            </Card>
          </div>
        </div>
      )}
      {overlay === "edit" && <EditRole role={role.data} close={() => set_overlay(null)} done={role.reload} />}
      {overlay === "delete" && (
        <Confirm title={`Delete the role ${name}?`} name={name} verb="Delete" always close={() => set_overlay(null)} act={async () => {
          await api.remove(path_of("roles", name));
          toast(in_environment(`The role ${name} is deleted`, environment), "good");
          if (is_here()) navigate(address("/access/roles"));
          return true;
        }}><p>Its policies, rules and masks go with it, in this environment only. A project with files brings it back with the next sync.</p></Confirm>
      )}
    </Page>
  );
}

const definition_of = (role) => Object.fromEntries(Object.entries(role).filter(([key]) => ["name", "policies", "scopeRules", "fieldMasks", "visibleFields"].includes(key)));

function EditRole({ role, close, done }) {
  const before = definition_of(role);
  const editor = useJsonText(before, { type: "object", required: ["name"], properties: { policies: { type: "array" }, scopeRules: { type: "array" }, fieldMasks: { type: "array" }, visibleFields: { type: "array" } } });
  const [is_saving, set_saving] = useState(false);
  const is_changed = Boolean(editor.value) && !same(editor.value, before);
  if (is_saving) {
    return (
      <Confirm title={`Save the role ${role.name}?`} name={role.name} verb="Save" danger={false} close={() => set_saving(false)} act={async () => {
        await api.put(path_of("roles", role.name), editor.value);
        toast("Saved. It is in force from the next request on.", "good");
        done();
        close();
        return true;
      }}>
        <Diff changes={difference(before, editor.value)} />
        <p class="muted small">{is_production() ? "Production usually changes by a deploy: the next one replaces this edit by what development holds." : "A project with files replaces this edit with its next sync. struere pull writes it into the files."}</p>
      </Confirm>
    );
  }
  return (
    <Dialog title={`Edit the role ${role.name}`} kind="wide" badges={<Badge kind={current_environment()}>{current_environment()}</Badge>} close={close} submit={() => editor.is_valid && is_changed && set_saving(true)}
      actions={<><Button onClick={close}>Cancel</Button><Button type="submit" kind="primary" disabled={!editor.is_valid || !is_changed}>Review and save</Button></>}>
      <JsonEditor of={editor} label="The definition of the role" rows={18} />
      {editor.is_valid && <TryRules role={editor.value} />}
    </Dialog>
  );
}

