// Everybody that a view can be taken of.
import { useState } from "preact/hooks";
import { actor_kinds, most_actors, words_of_actor } from "../../app/actors.js";
import { address, read_location, set_parameters } from "../../app/router.jsx";
import { Button, Failure, Loading } from "../../kit/basic.jsx";

const group_names = { user: "Users", roles: "Roles", key: "API keys", agent: "Agents" };

// "key:0192…" names an actor; any other text is the id of a user.
const actor_of = (text) => (Object.keys(actor_kinds).some((kind) => text.startsWith(`${kind}:`)) ? text : `user:${text}`);

export function ActorList({ actors, chosen }) {
  const [text, set_text] = useState("");
  const known = actors.data ?? [];
  const found = known.filter((one) => `${one.name} ${one.note} ${one.actor}`.toLowerCase().includes(text.toLowerCase()));
  const link = (actor) => ({
    href: address("/view-as", { ...read_location().parameters, as: actor, cursor: undefined }),
    "aria-current": actor === chosen ? "true" : undefined,
    onClick: (event) => {
      if (event.ctrlKey || event.metaKey || event.button !== 0) return;
      event.preventDefault();
      set_parameters({ as: actor, cursor: undefined });
    },
  });
  return (
    <section class="card" aria-label="Whose eyes">
      <form class="body stack tight" onSubmit={(event) => { event.preventDefault(); set_parameters({ as: actor_of(text.trim()), cursor: undefined }); }}>
        <input class="input" type="search" aria-label="Find an actor" placeholder="Find a user, role, key or agent" value={text} onInput={(event) => set_text(event.currentTarget.value)} />
        {text && found.length === 0 && <Button small type="submit">View as {words_of_actor(actor_of(text.trim()))}</Button>}
      </form>
      {actors.failure ? <Failure failure={actors.failure} again={actors.reload} /> : !actors.data ? <div class="body"><Loading lines={4} /></div> : (
        <div class="actor-list">
          {Object.keys(actor_kinds).map((kind) => {
            const list = found.filter((one) => one.kind === kind);
            const is_cut = known.filter((one) => one.kind === kind).length >= most_actors;
            return list.length > 0 && (
              <div key={kind} role="group" aria-label={group_names[kind]}>
                <div class="group">{group_names[kind]}</div>
                {is_cut && <p class="small muted body">The first {most_actors}. Write {kind === "user" ? "another id" : "key: and another id"} above.</p>}
                {list.map((one) => <a key={one.actor} {...link(one.actor)}><span class="clip strong">{one.name}</span><span class="small muted clip">{one.note}</span></a>)}
              </div>
            );
          })}
          {known.length === 0 && <p class="muted body">There is nobody yet. Add a member: <code>struere users add ID</code></p>}
        </div>
      )}
    </section>
  );
}
