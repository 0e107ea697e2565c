// Dialogs on the browser's own <dialog>: it keeps the focus inside and gives it back.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { words_of } from "../api/problem.js";
import { current_environment, in_environment, is_production } from "../app/environment.js";
import { Button, Failure, Field } from "./basic.jsx";
import { useIsHere } from "./here.js";
import { useAction } from "./resource.js";
import { toast } from "./toast.jsx";

export function Dialog({ title, badges, close, children, actions, kind = "", submit }) {
  const box = useRef();
  const id = useId();
  useEffect(() => {
    const element = box.current;
    if (!element.open) element.showModal();
    return () => element.open && element.close();
  }, []);
  const on_cancel = (event) => {
    event.preventDefault();
    close();
  };
  // Before the browser does: at the second Esc it closes a dialog without asking.
  const on_key = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    close();
  };
  const on_click = (event) => event.target === box.current && kind.includes("drawer") && close();
  const on_submit = (event) => {
    event.preventDefault();
    submit?.();
  };
  return (
    <dialog ref={box} class={kind} aria-labelledby={id} onCancel={on_cancel} onClick={on_click} onKeyDown={on_key}>
      <form onSubmit={on_submit} noValidate>
        <header><h2 id={id}>{title}</h2>{badges}
          <span class="push"><Button kind="quiet" small icon="close" label="Close" onClick={close} /></span></header>
        <div class="body stack" tabIndex={-1}>{children}</div>
        {actions && <footer>{actions}</footer>}
      </form>
    </dialog>
  );
}

// What `act` of Confirm returns if it has opened another dialog in the place of this one.
export const replaced = Symbol("replaced");

// Asks before something that cannot be undone. In production, or where `always` is set, `name` has to be typed.
// `blocked`: it cannot be done as things are.
export function Confirm({ title, name, what, verb, act, close, danger = true, kind, always, blocked = false, children }) {
  const asks = always || is_production();
  const [typed, set_typed] = useState("");
  const id = useId();
  const environment = current_environment();
  const is_here = useIsHere();
  const action = useAction(async () => {
    try {
      return await act();
    } catch (failure) {
      if (!is_here()) toast(`${in_environment(`${verb} failed`, environment)}: ${words_of(failure)}`, "bad");
      throw failure;
    }
  });
  const may = !blocked && (!asks || typed === name);
  const submit = async () => {
    if (!may || action.is_busy) return;
    const result = await action.run();
    if (result !== undefined && result !== replaced && is_here()) close();
  };
  return (
    <Dialog title={title} close={close} submit={submit} actions={<>
      <Button onClick={close}>Cancel</Button>
      <Button type="submit" kind={kind ?? (danger ? "danger primary" : "primary")} disabled={!may || action.is_busy}>{verb}</Button>
    </>}>
      {children}
      {asks && (
        <Field id={id} label={<>{is_production() ? "This is production. " : ""}Type <b class="mono">{name}</b> to confirm{what ? ` ${what}` : ""}</>}>
          <input id={id} class="input mono" autoComplete="off" autoCapitalize="off" spellCheck={false} autoFocus value={typed}
            onInput={(event) => set_typed(event.currentTarget.value)} />
        </Field>
      )}
      <Failure failure={action.failure} />
    </Dialog>
  );
}
