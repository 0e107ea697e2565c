// Small parts that every page uses.
import { Link, useRoute } from "../app/router.jsx";
import { words_of } from "../api/problem.js";
import { Icon } from "./icons.jsx";
import { toast } from "./toast.jsx";

export function Button({ icon, children, kind = "", small, label, type = "button", pressed, ...others }) {
  const name = `button ${kind} ${small ? "small" : ""} ${children === undefined ? "icon" : ""}`;
  return (
    <button type={type} class={name} aria-label={label} title={label} aria-pressed={pressed} {...others}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export const Badge = ({ kind = "", icon, children, title }) => (
  <span class={`badge ${kind}`} title={title}>{icon && <Icon name={icon} />}{children}</span>
);

// On everything that a change here changes in the other environment as well.
export const SharedMark = () => (
  <Badge kind="shared" icon="shared" title="Not part of an environment: a change here also changes the other one">
    Shared by both environments
  </Badge>
);

export function Page({ title, crumbs = [], lead, actions, badges, children }) {
  return (
    <>
      <div class="page-head">
        <div class="titles">
          {crumbs.length > 0 && (
            <nav class="crumbs" aria-label="Breadcrumbs">
              {crumbs.map(([words, to]) => <span class="row" key={to}><Link to={to}>{words}</Link><span aria-hidden="true">/</span></span>)}
            </nav>
          )}
          <div class="row wrap"><h1 class="wrap-anywhere">{title}</h1>{badges}</div>
          {lead && <p>{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

export const Card = ({ title, aside, children, flush, footer }) => (
  <section class="card">
    {title && <header><h2>{title}</h2>{aside && <div class="row wrap push">{aside}</div>}</header>}
    {flush ? children : <div class="body">{children}</div>}
    {footer && <footer>{footer}</footer>}
  </section>
);

export function Tabs({ label, tabs }) {
  const route = useRoute();
  const here = "/" + route.segments.map(encodeURIComponent).join("/");
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([words, to]) => <Link key={to} to={to} aria-current={here === to ? "page" : undefined}>{words}</Link>)}
    </nav>
  );
}

// `is_page`: it stands in the place of a whole page, whose heading it is.
export const Empty = ({ icon = "info", title, is_page, children }) => (
  <div class="empty"><Icon name={icon} />{is_page ? <h1>{title}</h1> : <h2>{title}</h2>}{children}</div>
);

export function Failure({ failure, again }) {
  if (!failure) return null;
  return (
    <div class={`callout ${failure.is_denied ? "warn" : "bad"}`} role="alert">
      <Icon name={failure.is_denied ? "hidden" : "warning"} />
      <div class="words">
        {words_of(failure)}
        {failure.code && <> <code class="muted">{failure.code}</code></>}
      </div>
      {again && <Button small onClick={again}>Try again</Button>}
    </div>
  );
}

export const Loading = ({ lines = 6 }) => (
  <div class="stack" role="status" aria-label="Loading">
    {Array.from({ length: lines }, (_, i) => <div class="skeleton" key={i} />)}
  </div>
);

// What a page shows of something that is read: waiting, a failure, or the thing.
export function Known({ of, children, lines }) {
  if (of.failure) return <Failure failure={of.failure} again={of.reload} />;
  if (of.data === undefined) return <Loading lines={lines} />;
  return children(of.data);
}

export async function copy_text(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    toast(what, "good");
  } catch {
    toast("The browser did not allow copying. Select the text and copy it by hand.", "bad");
  }
}

export const Command = ({ children }) => (
  <span class="command"><code>{children}</code>
    <Button kind="quiet" small icon="copy" label="Copy the command" onClick={() => copy_text(String(children))} /></span>
);

export function Field({ label, hint, fault, id, children }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {fault && <span class="fault" role="alert">{fault}</span>}
    </div>
  );
}

export const Select = ({ options, value, small, fit, ...others }) => (
  <select class={`select ${small ? "small" : ""} ${fit ? "fit" : ""}`} value={value} {...others}>
    {options.map((option) => {
      const [key, words] = Array.isArray(option) ? option : [option, option];
      return <option key={key} value={key} selected={key === value}>{words}</option>;
    })}
  </select>
);

const two = (number) => String(number).padStart(2, "0");
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function day_of(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
export function clock_of(ms) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function ago(ms) {
  const seconds = Math.round((Date.now() - ms) / 1000);
  const steps = [[60, "s"], [60, "min"], [24, "h"], [30, "d"], [12, "mo"], [1e9, "y"]];
  let amount = Math.abs(seconds);
  for (const [size, unit] of steps) {
    if (amount < size) return seconds < 0 ? `in ${amount} ${unit}` : amount < 5 && unit === "s" ? "just now" : `${amount} ${unit} ago`;
    amount = Math.floor(amount / size);
  }
  return "";
}

export function Time({ ms, full }) {
  if (ms === undefined || ms === null) return <span class="muted">–</span>;
  const text = `${day_of(ms)} ${clock_of(ms)}`;
  return <time class="nowrap" dateTime={new Date(ms).toISOString()} title={`${text} ${zone()} · ${ms}`}>{full ? text : ago(ms)}</time>;
}

export const plural = (count, noun, many = noun + "s") => `${count.toLocaleString("en")} ${count === 1 ? noun : many}`;
