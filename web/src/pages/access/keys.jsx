// API keys of this environment: made, shown once, rotated, revoked.
import { useId, useState } from "preact/hooks";
import { api, items_of, path_of } from "../../api/client.js";
import { current_environment, environment_name } from "../../app/environment.js";
import { Link } from "../../app/router.jsx";
import { Badge, Button, copy_text, Empty, Failure, Field, Known, Page, plural, Select, Time } from "../../kit/basic.jsx";
import { CopyAs } from "../../kit/copy_as.jsx";
import { Confirm, Dialog, replaced } from "../../kit/dialog.jsx";
import { open_menu } from "../../kit/menu.jsx";
import { Pager, usePagesOf } from "../../kit/pages.jsx";
import { useAction } from "../../kit/resource.js";
import { toast } from "../../kit/toast.jsx";
import { useRoles } from "./access.jsx";

export function state_of_key(key, now = Date.now()) {
  if (key.revokedAt) return ["revoked", "bad"];
  if (key.expiresAt && key.expiresAt < now) return ["expired", "warn"];
  return ["active", "good"];
}

export function KeysPage({ tabs }) {
  const { page: keys, pager } = usePagesOf("/v1/keys", { limit: 100 });
  const list = items_of(keys.data);
  const [overlay, set_overlay] = useState(null);
  const close = () => set_overlay(null);
  return (
    <Page title="Keys" crumbs={[["Access", "/access"]]} lead="A key stands for this environment and its roles, whatever the request says. Only its hash is stored."
      actions={<><CopyAs call={{ path: "/v1/keys", cpp: "for (const ApiKey& key : session.api_keys().list()) …;", cli: "keys list" }} />
        <Button kind="primary" icon="plus" onClick={() => set_overlay({ kind: "new" })}>New key</Button></>}>
      {tabs}
      <Known of={keys}>
        {() => list.length === 0 ? (
          <Empty icon="key" title={`There is no key in ${environment_name[current_environment()]} yet`}>
            <p>A program authenticates with a key. Give it only the roles that it needs.</p><Button kind="primary" icon="plus" onClick={() => set_overlay({ kind: "new" })}>New key</Button>
          </Empty>
        ) : <><KeyTable keys={list} act={(kind, key) => set_overlay({ kind, key })} /><Pager shown={plural(list.length, "key")} {...pager} /></>}
      </Known>
      {overlay?.kind === "new" && <NewKey close={close} done={(secret) => { keys.reload(); set_overlay({ kind: "secret", secret }); }} />}
      {overlay?.kind === "secret" && <Secret created={overlay.secret} close={close} />}
      {overlay?.kind === "rotate" && (
        <Confirm title={`Rotate ${overlay.key.name}?`} name={overlay.key.name} verb="Rotate" danger={false} close={close} act={async () => {
          const secret = await api.post(path_of("keys", overlay.key.id, "rotate"), {});
          keys.reload();
          set_overlay({ kind: "secret", secret });
          return replaced;
        }}><p>A new key with the same roles is made. The old one, <code>{overlay.key.prefix}…</code>, ends at once; its programs need the new one.</p></Confirm>
      )}
      {overlay?.kind === "revoke" && (
        <Confirm title={`Revoke ${overlay.key.name}?`} name={overlay.key.name} verb="Revoke" close={close} act={async () => {
          await api.remove(path_of("keys", overlay.key.id));
          toast(`${overlay.key.name} is revoked`, "good");
          keys.reload();
          return true;
        }}><p>Every program that uses <code>{overlay.key.prefix}…</code> is refused from now on. This cannot be undone.</p></Confirm>
      )}
    </Page>
  );
}

function KeyTable({ keys, act }) {
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Keys">
      <table>
        <thead><tr><th scope="col">name</th><th scope="col">begins</th><th scope="col">roles</th><th scope="col">state</th><th scope="col">last used</th><th scope="col">expires</th><th scope="col">made</th><th scope="col"><span class="visually-hidden">actions</span></th></tr></thead>
        <tbody>
          {keys.map((key) => {
            const [state, kind] = state_of_key(key);
            return (
              <tr key={key.id}>
                <td class="strong">{key.name}</td>
                <td class="mono small">{key.prefix}…</td>
                <td><span class="row wrap">{(key.roles ?? []).map((role) => <Badge key={role}>{role}</Badge>)}{(key.roles ?? []).length === 0 && <span class="muted">none</span>}</span></td>
                <td><Badge kind={kind}>{state}</Badge></td>
                <td>{key.lastUsedAt ? <Time ms={key.lastUsedAt} /> : <span class="muted">never</span>}</td>
                <td>{key.expiresAt ? <Time ms={key.expiresAt} /> : <span class="muted">never</span>}</td>
                <td><Time ms={key.createdAt} /></td>
                <td class="nowrap">{state === "active" && <Link class="button quiet small" to="/view-as" parameters={{ as: `key:${key.id}` }}>View as</Link>}{state === "active" && <Button small kind="quiet" icon="more" label={`Actions for ${key.name}`} onClick={(event) => open_menu(event, [
                  { words: "Rotate…", icon: "restore", act: () => act("rotate", key) },
                  { words: "Copy the id", icon: "copy", act: () => copy_text(key.id) },
                  null,
                  { words: "Revoke…", icon: "trash", danger: true, act: () => act("revoke", key) },
                ])} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const terms = [["0", "never"], ["30", "in 30 days"], ["90", "in 90 days"], ["365", "in a year"]];

function NewKey({ close, done }) {
  const roles = useRoles();
  const [name, set_name] = useState("");
  const [chosen, set_chosen] = useState([]);
  const [days, set_days] = useState("90");
  const id = useId();
  const action = useAction(async () => {
    const expires_at = days === "0" ? undefined : Date.now() + Number(days) * 86_400_000;
    done(await api.post("/v1/keys", { name: name.trim(), roles: chosen, expiresAt: expires_at }));
    return true;
  });
  return (
    <Dialog title="New key" close={close} submit={() => name.trim() && action.run()} badges={<Badge kind={current_environment()}>{environment_name[current_environment()]}</Badge>} actions={<>
      <Button onClick={close}>Cancel</Button>
      <Button type="submit" kind="primary" disabled={!name.trim() || action.is_busy}>Make a {current_environment()} key</Button>
    </>}>
      <Field id={`${id}-name`} label="Name" hint="For you, to know it by: the program that will use it."><input id={`${id}-name`} class="input" autoFocus value={name} onInput={(event) => set_name(event.currentTarget.value)} /></Field>
      <fieldset class="field"><legend class="label">Roles</legend>
        <Known of={roles} lines={2}>{(list) => list.length === 0 ? <p class="muted">This environment has no roles; a key without one may do nothing.</p> : list.map((role) => (
          <label class="check" key={role.name}><input type="checkbox" checked={chosen.includes(role.name)} onChange={() => set_chosen(chosen.includes(role.name) ? chosen.filter((one) => one !== role.name) : [...chosen, role.name])} />{role.name}</label>
        ))}</Known>
      </fieldset>
      <Field id={`${id}-days`} label="Expires"><Select id={`${id}-days`} value={days} onChange={(event) => set_days(event.currentTarget.value)} options={terms} /></Field>
      <Failure failure={action.failure} />
    </Dialog>
  );
}

// The secret lives in this dialog only: it is not in the address, a store or a list.
function Secret({ created, close }) {
  const leave = () => {
    if (confirm("Close without having copied the key? It is never shown again.")) close();
  };
  return (
    <Dialog title="Copy the key now" close={leave} actions={<Button kind="primary" type="submit">I have copied it</Button>} submit={close}>
      <p>This is the only time that <b>{created.name}</b> is shown. Its hash is stored, so nobody can read it again.</p>
      <div class="secret"><span class="grow" data-secret>{created.secret}</span><Button small icon="copy" label="Copy the key" onClick={() => copy_text(created.secret)} /></div>
    </Dialog>
  );
}
