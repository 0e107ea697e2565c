// Members of the organization, which both environments share, and their roles, which are those of this environment.
import { useId, useState } from "preact/hooks";
import { api, items_of, path_of } from "../../api/client.js";
import { Problem } from "../../api/problem.js";
import { current_environment, in_environment } from "../../app/environment.js";
import { Link } from "../../app/router.jsx";
import { Badge, Button, Command, Empty, Failure, Field, Known, Page, plural, Select, SharedMark } from "../../kit/basic.jsx";
import { CopyAs } from "../../kit/copy_as.jsx";
import { Confirm, Dialog } from "../../kit/dialog.jsx";
import { useIsHere } from "../../kit/here.js";
import { open_menu } from "../../kit/menu.jsx";
import { Pager, usePagesOf } from "../../kit/pages.jsx";
import { useAction } from "../../kit/resource.js";
import { toast } from "../../kit/toast.jsx";
import { useRoles } from "./access.jsx";

export function MembersPage({ tabs }) {
  const { page: members, pager } = usePagesOf("/v1/members", { limit: 100 });
  const list = items_of(members.data);
  const [overlay, set_overlay] = useState(null);
  const close = () => set_overlay(null);
  return (
    <Page title="Members" crumbs={[["Access", "/access"]]} badges={<SharedMark />}
      lead={`Membership holds in both environments. The roles shown and assigned here are those of ${current_environment()} only.`}
      actions={<><CopyAs call={{ path: "/v1/members", cpp: "for (const Membership& member : host.members(organization)) …;", cli: "users list" }} />
        <Button kind="primary" icon="plus" onClick={() => set_overlay({ kind: "edit", member: null })}>Add a member</Button></>}>
      {tabs}
      <Known of={members}>
        {() => list.length === 0 ? <Empty icon="user" title="There are no members yet"><Command>struere users add ID</Command></Empty> : (
          <><div class="table-box" tabIndex={0} role="region" aria-label="Members">
            <table>
              <thead><tr><th scope="col">user</th><th scope="col">membership</th><th scope="col">roles in {current_environment()}</th><th scope="col"><span class="visually-hidden">actions</span></th></tr></thead>
              <tbody>
                {list.map((member) => (
                  <tr key={member.id}>
                    <td><span class="strong">{member.name ?? member.id}</span> {member.name && <span class="mono small muted">{member.id}</span>}</td>
                    <td><Badge kind={member.membership === "admin" ? "accent" : ""}>{member.membership === "admin" ? "org admin" : member.membership}</Badge></td>
                    <td><span class="row wrap">{(member.roles ?? []).map((role) => <Badge key={role}>{role}</Badge>)}{(member.roles ?? []).length === 0 && <span class="muted">none</span>}</span></td>
                    <td class="nowrap"><Link class="button quiet small" to="/view-as" parameters={{ as: `user:${member.id}` }}>View as</Link>
                      <Button small kind="quiet" icon="more" label={`Actions for ${member.id}`} onClick={(event) => open_menu(event, [
                        { words: "Roles here…", icon: "role", act: () => set_overlay({ kind: "roles", member }) },
                        { words: "Membership…", icon: "edit", act: () => set_overlay({ kind: "edit", member }) },
                        null,
                        { words: "Remove from the organization…", icon: "trash", danger: true, act: () => set_overlay({ kind: "remove", member }) },
                      ])} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager shown={plural(list.length, "member")} {...pager} /></>
        )}
      </Known>
      {overlay?.kind === "roles" && <RolesDialog member={overlay.member} close={close} done={members.reload} />}
      {overlay?.kind === "edit" && <MemberDialog member={overlay.member} close={close} done={members.reload} />}
      {overlay?.kind === "remove" && (
        <Confirm title={`Remove ${overlay.member.id}?`} name={overlay.member.id} verb="Remove" always close={close} act={async () => {
          await api.remove(path_of("members", overlay.member.id));
          toast(`${overlay.member.id} is no longer a member`, "good");
          members.reload();
          return true;
        }}><p>They lose membership and all roles <b>in both environments</b>. Their rows and events stay.</p></Confirm>
      )}
    </Page>
  );
}

function RolesDialog({ member, close, done }) {
  const roles = useRoles();
  const [chosen, set_chosen] = useState(member.roles ?? []);
  const environment = current_environment();  // of all requests, also if the page is left between them
  const is_here = useIsHere();
  const action = useAction(async () => {
    const before = member.roles ?? [];
    for (const role of chosen) if (!before.includes(role)) await api.put(path_of("roles", role, "assignments", member.id), {}, { environment });
    for (const role of before) if (!chosen.includes(role)) await api.remove(path_of("roles", role, "assignments", member.id), { environment });
    toast(in_environment("Saved", environment), "good");
    done();
    if (is_here()) close();
    return true;
  });
  return (
    <Dialog title={`Roles of ${member.name ?? member.id}`} badges={<Badge kind={current_environment()}>{current_environment()}</Badge>} close={close} submit={action.run}
      actions={<><Button onClick={close}>Cancel</Button><Button type="submit" kind="primary" disabled={action.is_busy}>Save</Button></>}>
      {member.membership === "admin" && <p class="muted">An org admin passes every policy, rule and mask; roles change nothing while that holds.</p>}
      <Known of={roles} lines={3}>{(list) => list.map((role) => (
        <label class="check" key={role.name}><input type="checkbox" checked={chosen.includes(role.name)} onChange={() => set_chosen(chosen.includes(role.name) ? chosen.filter((one) => one !== role.name) : [...chosen, role.name])} />{role.name}</label>
      ))}</Known>
      <Failure failure={action.failure} />
    </Dialog>
  );
}

// Adding writes a membership over the one that is there, so it is for users who have none.
async function refuse_member(user) {
  const found = await api.get(path_of("members", user)).catch((failure) => {
    if (!failure.is_missing) throw failure;
  });
  if (found) throw new Problem({ status: 409, code: "conflict", detail: `${user} is already ${found.membership === "admin" ? "an org admin" : "a member"}. Change it in the row of ${user}: Membership…` });
}

function MemberDialog({ member, close, done }) {
  const [user, set_user] = useState(member?.id ?? "");
  const [membership, set_membership] = useState(member?.membership ?? "member");
  const id = useId();
  const is_here = useIsHere();
  const action = useAction(async () => {
    if (!member) await refuse_member(user.trim());
    await api.put(path_of("members", user.trim()), { membership });
    toast("Saved for both environments", "good");
    done();
    if (is_here()) close();
    return true;
  });
  return (
    <Dialog title={member ? `Membership of ${member.id}` : "Add a member"} badges={<SharedMark />} close={close} submit={() => user.trim() && action.run()}
      actions={<><Button onClick={close}>Cancel</Button><Button type="submit" kind="primary" disabled={!user.trim() || action.is_busy}>Save</Button></>}>
      <Field id={`${id}-user`} label="User id" hint="As your own sign-in names them."><input id={`${id}-user`} class="input mono" value={user} disabled={Boolean(member)} onInput={(event) => set_user(event.currentTarget.value)} /></Field>
      <Field id={`${id}-as`} label="Membership" hint="An org admin sees and may change everything, in both environments.">
        <Select id={`${id}-as`} value={membership} onChange={(event) => set_membership(event.currentTarget.value)} options={[["member", "member"], ["admin", "org admin"]]} /></Field>
      <Failure failure={action.failure} />
    </Dialog>
  );
}
