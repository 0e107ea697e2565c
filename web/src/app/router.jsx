// Addresses and navigation. Every address has `?environment=`; a link keeps it unless it names another one.
import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { current_environment, environment_in, is_misnamed, show_environment } from "./environment.js";

const RouteContext = createContext(null);
const listeners = new Set();
let leave_guard = null; // asks before an edit is lost

export function read_location() {
  const parameters = Object.fromEntries(new URLSearchParams(location.search));
  const segments = location.pathname.split("/").filter(Boolean).map(decode);
  return { segments, parameters, environment: current_environment() };
}

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function address(path, parameters = {}) {
  const search = new URLSearchParams();
  search.set("environment", parameters.environment ?? current_environment());
  for (const [name, value] of Object.entries(parameters))
    if (name !== "environment" && value !== undefined && value !== null && value !== "") search.set(name, value);
  return `${path}?${search}`;
}

export const page_path = (...segments) => "/" + segments.map((segment) => encodeURIComponent(segment)).join("/");

function told() {
  show_environment(current_environment());
  for (const listener of listeners) listener();
}

export function navigate(target, { replace = false, keeps_scroll = false } = {}) {
  if (leave_guard && !leave_guard()) return false;
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  told();
  if (!keeps_scroll && !replace) window.scrollTo(0, 0);
  return true;
}

// Changes parameters of this page; `undefined` removes one.
export function set_parameters(changes, options = {}) {
  const { parameters } = read_location();
  return navigate(address(location.pathname, { ...parameters, ...changes }), { keeps_scroll: true, ...options });
}

export function guard_leaving(guard) {
  leave_guard = guard;
  return () => {
    if (leave_guard === guard) leave_guard = null;
  };
}

export function RouteProvider({ children }) {
  const [count, set_count] = useState(0);
  useEffect(() => {
    const listener = () => set_count((n) => n + 1);
    listeners.add(listener);
    window.addEventListener("popstate", told);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("popstate", told);
    };
  }, []);
  const route = useMemo(read_location, [count]);
  return <RouteContext.Provider value={route}>{children}</RouteContext.Provider>;
}

export const useRoute = () => useContext(RouteContext);

// The address always says the environment: one without it is completed before anything is asked of the server.
export function complete_address() {
  if (is_misnamed(location.search) && location.pathname !== "/sign-in") return;
  if (!environment_in(location.search)) {
    const { parameters } = read_location();
    delete parameters.environment;
    history.replaceState(null, "", address(location.pathname, parameters));
  }
  show_environment(current_environment());
}

const is_plain_click = (event) =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

export function Link({ to, parameters, children, class: name, onClick, ...others }) {
  const href = address(to, parameters);
  const follow = (event) => {
    onClick?.(event);
    if (event.defaultPrevented || !is_plain_click(event)) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a href={href} class={name} onClick={follow} {...others}>
      {children}
    </a>
  );
}
