// One menu at a time, at a button or at the pointer. The browser's popover keeps it above everything, dialogs included.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.jsx";

let show = () => {};

// Items: {words, icon, act, danger}, or null for a line. `title` says about what the menu is.
export function open_menu(event, items, title) {
  event.preventDefault();
  const anchor = event.currentTarget;
  const box = anchor.getBoundingClientRect();
  const is_pointer = event.type === "contextmenu" && event.clientX > 0;
  const at = is_pointer ? { x: event.clientX, y: event.clientY, top: event.clientY } : { x: box.left, y: box.bottom + 4, top: box.top - 4 };
  show({ items, title, at, back: anchor.closest("button") ?? document.activeElement });
}

export function MenuHost() {
  const [menu, set_menu] = useState(null);
  const box = useRef();
  useEffect(() => {
    show = set_menu;
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (!menu || !element) return undefined;
    element.showPopover();
    const { offsetWidth: width, offsetHeight: height } = element;
    const fits_below = menu.at.y + height < innerHeight - 8;
    element.style.left = `${Math.max(8, Math.min(menu.at.x, innerWidth - width - 8))}px`;
    element.style.top = `${fits_below ? menu.at.y : Math.max(8, menu.at.top - height)}px`;
    element.querySelector("button")?.focus();
    const on_toggle = (event) => event.newState === "closed" && set_menu(null);
    element.addEventListener("toggle", on_toggle);
    return () => element.removeEventListener("toggle", on_toggle);
  }, [menu]);
  if (!menu) return null;
  const close = () => {
    set_menu(null);
    menu.back?.focus?.();
  };
  const on_key = (event) => {
    const buttons = [...box.current.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 };
    if (event.key in steps) {
      event.preventDefault();
      buttons[(steps[event.key] + buttons.length) % buttons.length].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    }
    event.stopPropagation();
  };
  return (
    <div class="menu" popover="auto" ref={box} onKeyDown={on_key}>
      {menu.title && <div class="title">{menu.title}</div>}
      <div role="menu" aria-label={typeof menu.title === "string" ? menu.title : "Actions"}>
        {menu.items.filter((item) => item !== false).map((item, i) =>
          item === null ? <hr key={i} role="separator" /> : (
            <button key={i} type="button" role="menuitem" tabIndex={-1} class={item.danger ? "danger" : ""}
              onClick={() => { close(); item.act(); }}>
              {item.icon && <Icon name={item.icon} />}<span>{item.words}</span>
            </button>
          ))}
      </div>
    </div>
  );
}
