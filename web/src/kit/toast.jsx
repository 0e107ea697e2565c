// Short news at the edge of the page, read aloud by screen readers.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icons.jsx";

let shown = [];
let number = 0;
const listeners = new Set();
const changed = () => listeners.forEach((listener) => listener());
const icons = { good: "check", bad: "warning" };

export function toast(words, kind = "") {
  const one = { id: ++number, words, kind };
  shown = [...shown.slice(-3), one];
  changed();
  setTimeout(() => {
    shown = shown.filter((other) => other !== one);
    changed();
  }, kind === "bad" ? 9000 : 4500);
}

export function ToastHost() {
  const [, render] = useState(0);
  useEffect(() => {
    const listener = () => render((n) => n + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map((one) => (
        <div class="toast" key={one.id}><span class={`row ${one.kind}`}><Icon name={icons[one.kind] ?? "info"} /></span><span>{one.words}</span></div>
      ))}
    </div>
  );
}
