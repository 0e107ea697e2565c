// The palette (Ctrl K) and the list of keys (?).
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { environment_name, other_environment } from "./environment.js";
import { address, navigate, page_path, read_location } from "./router.jsx";
import { sections_for } from "./pages.js";
import { shortcuts } from "./keyboard.js";
import { useSession } from "./session.jsx";
import { Dialog } from "../kit/dialog.jsx";
import { Icon } from "../kit/icons.jsx";
import { switch_address } from "./switch.jsx";

function targets_of(session, environment) {
  const other = other_environment(environment);
  const types = session.types.data ?? [];
  return [
    ...sections_for(session.me.data).map((section) => ({ words: section.name, icon: section.icon, to: address(section.path) })),
    ...types.map((type) => ({ words: `Rows of ${type.name || type.slug}`, note: type.slug, icon: "data", to: address(page_path("data", type.slug)) })),
    ...types.map((type) => ({ words: `View ${type.slug} as…`, icon: "eye", to: address("/view-as", { type: type.slug }) })),
    { words: "Roles", icon: "role", to: address("/access/roles") },
    { words: "API keys", icon: "key", to: address("/access/keys") },
    { words: "Members", icon: "user", to: address("/access/members") },
    { words: `Switch to ${environment_name[other]}`, icon: other === "production" ? "diamond" : "dot", to: switch_address(other) },
  ];
}

export function Palette({ close }) {
  const [text, set_text] = useState("");
  const [at, set_at] = useState(0);
  const box = useRef();
  const list = useRef();
  const session = useSession();
  const { environment } = read_location();
  useEffect(() => {
    box.current.showModal();
    return () => box.current?.close();
  }, []);
  const found = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const all = targets_of(session, environment).filter((one) => words.every((word) => `${one.words} ${one.note ?? ""}`.toLowerCase().includes(word)));
    const id = text.trim();
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id))
      all.unshift({ words: `History of entity ${id}`, icon: "audit", to: address("/audit", { entity: id }) });
    return all;
  }, [text, session.types.data]);
  const here = Math.min(at, found.length - 1);
  const go = (target) => {
    close();
    navigate(target.to);
  };
  const on_key = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = (here + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(found.length, 1);
      set_at(next);
      list.current.children[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && found[here]) {
      event.preventDefault();
      go(found[here]);
    }
  };
  return (
    <dialog class="palette" ref={box} aria-label="Go to" onCancel={(event) => { event.preventDefault(); close(); }}
      onClick={(event) => event.target === box.current && close()}>
      <div class="inner">
        <input class="input" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Go to a page, type or id" aria-activedescendant={found[here] ? `palette-${here}` : undefined}
          placeholder="Go to a page, a type, or paste an id" value={text} autoFocus onKeyDown={on_key} onInput={(event) => { set_text(event.currentTarget.value); set_at(0); }} />
        <ul id="palette-list" role="listbox" aria-label="Found" ref={list}>
          {found.map((target, i) => (
            <li key={target.words + target.to} id={`palette-${i}`} role="option" aria-selected={i === here} onClick={() => go(target)} onPointerMove={() => set_at(i)}>
              <Icon name={target.icon} /><span>{target.words}</span>{target.note && <span class="muted small mono push">{target.note}</span>}
            </li>
          ))}
        </ul>
        {found.length === 0 && <p class="empty">Nothing is called that here.</p>}
      </div>
    </dialog>
  );
}

export const Shortcuts = ({ close }) => (
  <Dialog title="Keyboard" close={close}>
    <table class="loose">
      <thead class="visually-hidden"><tr><th>Key</th><th>What it does</th></tr></thead>
      <tbody>
        {shortcuts.map(([keys, words]) => (
          <tr key={words}><td class="nowrap">{keys.map((key) => <span key={key}><kbd>{key}</kbd> </span>)}</td><td>{words}</td></tr>
        ))}
      </tbody>
    </table>
  </Dialog>
);
