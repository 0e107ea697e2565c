// Keys of the whole page. A page adds its own with useKeys; keys typed into a field are the field's.
import { useLayoutEffect, useRef } from "preact/hooks";

export const is_mac = /Mac|iPhone|iPad/.test(navigator.platform);
export const command_key = is_mac ? "⌘" : "Ctrl";

const is_typing = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
const has_overlay = () => document.querySelector("dialog[open], [popover]:popover-open") !== null;

// `keys` maps a key, or two with a space ("g d"), to a function, which returns false if it did nothing.
export function useKeys(keys) {
  const current = useRef(keys);
  current.current = keys;
  // With the layout, so that no key is lost between the picture and the next idle moment.
  useLayoutEffect(() => {
    let first = "";
    let at = 0;
    const on_key = (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || is_typing(event.target) || has_overlay()) return;
      const both = first && Date.now() - at < 900 ? `${first} ${event.key}` : "";
      const act = (both && current.current[both]) || current.current[event.key];
      first = event.key;
      at = Date.now();
      // What has the focus takes Enter itself.
      if (!act || (event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary"))) return;
      first = "";
      if (act(event) !== false) event.preventDefault();
    };
    window.addEventListener("keydown", on_key);
    return () => window.removeEventListener("keydown", on_key);
  }, []);
}

export const shortcuts = [
  [[`${command_key} K`], "Go to a page, type, role or agent"],
  [["/"], "Search in this page"],
  [["j", "k"], "Next row, previous row"],
  [["Enter"], "Open the row"],
  [["m"], "Menu of the row"],
  [["n"], "New"],
  [["e"], "Edit the row"],
  [["[", "]"], "Previous page, next page of a list"],
  [["g", "d"], "Data, and g with v c a r g t p h for the other pages"],
  [["?"], "These keys"],
  [["Esc"], "Close what is open"],
];
