// What stands around every page: the environment, the navigation, the search and who is signed in.
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.js";
import { current_environment, environment_name } from "./environment.js";
import { command_key, is_mac, useKeys } from "./keyboard.js";
import { Palette, Shortcuts } from "./palette.jsx";
import { tell_signed_out } from "./other_tabs.js";
import { sections_for } from "./pages.js";
import { address, Link, navigate, useRoute } from "./router.jsx";
import { useSession } from "./session.jsx";
import { EnvironmentSwitch } from "./switch.jsx";
import { Button, Failure } from "../kit/basic.jsx";
import { Dialog } from "../kit/dialog.jsx";
import { Icon } from "../kit/icons.jsx";
import { useAction } from "../kit/resource.js";

export const Brand = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="var(--accent)" />
    <path d="M8 10.500h16M8 16h10M8 21.500h16" stroke="var(--accent-ink)" stroke-width="3" stroke-linecap="round" fill="none" />
    <circle cx="23" cy="16" r="2.200" fill="var(--accent-ink)" />
  </svg>
);

// Only a session that has ended is said to have: other tabs keep their rows until then.
async function sign_out() {
  try {
    await api.remove("/v1/operator/session");
  } catch (failure) {
    if (failure.status !== 401) throw failure;
  }
  tell_signed_out();
  location.assign(address("/sign-in"));
  return true;
}

export function Frame({ children }) {
  const route = useRoute();
  const { me } = useSession();
  const sections = sections_for(me.data);
  const [is_menu_open, set_menu] = useState(false);
  const [overlay, set_overlay] = useState(null);
  const signing_out = useAction(sign_out);
  useEffect(() => set_menu(false), [route]);
  useEffect(() => {
    const on_key = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        set_overlay("palette");
      } else if (event.key === "Escape") set_menu(false);
    };
    window.addEventListener("keydown", on_key);
    return () => window.removeEventListener("keydown", on_key);
  }, []);
  useKeys({
    "?": () => set_overlay("keys"),
    "/": () => document.querySelector("[data-search]")?.focus(),
    ...Object.fromEntries(sections.map((section) => [`g ${section.key}`, () => navigate(address(section.path))])),
  });
  const environment = current_environment();
  const here = `/${route.segments[0] ?? "data"}`;
  const person = me.data?.actorId ?? "";
  return (
    <div class="frame" data-menu={is_menu_open ? "open" : undefined}>
      <a class="skip-link" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content").focus(); }}>Skip to the page</a>
      <aside class="side" aria-label="Sections">
        <Link to="/data" class="brand"><Brand />struere</Link>
        <nav aria-label="Main">
          {sections.map((section) => (
            <Link key={section.path} to={section.path} class="item" aria-current={here === section.path ? "page" : undefined}>
              <Icon name={section.icon} />{section.name}
            </Link>
          ))}
        </nav>
        <div class="foot stack tight">
          <span class="small muted clip" title={person}>Signed in as <b>{person || "…"}</b></span>
          <div class="row">
            <Button kind="quiet" small icon="exit" disabled={signing_out.is_busy} onClick={signing_out.run}>Sign out</Button>
            <Button kind="quiet" small onClick={() => set_overlay("keys")} label="Keys of the keyboard">?</Button>
          </div>
        </div>
      </aside>
      <button class="veil" type="button" tabIndex={-1} aria-hidden="true" onClick={() => set_menu(false)} />
      <div class="main">
        <header class="bar">
          <span class="menu-button"><Button icon="menu" kind="quiet" label="Sections" aria-expanded={is_menu_open} onClick={() => set_menu(!is_menu_open)} /></span>
          <EnvironmentSwitch />
          <span class="organization clip">{me.data?.organization?.name ?? me.data?.organization?.id}</span>
          <button type="button" class="find push" onClick={() => set_overlay("palette")} aria-keyshortcuts={is_mac ? "Meta+K" : "Control+K"}>
            <Icon name="search" /><span>Go to</span><kbd>{command_key} K</kbd>
          </button>
        </header>
        <main class="content" id="content" tabIndex={-1} aria-label={`${environment_name[environment]}: ${here.slice(1)}`}>{children}</main>
      </div>
      {signing_out.failure && (
        <Dialog title="Signing out failed; you are still signed in" close={signing_out.clear} submit={signing_out.run} actions={<>
          <Button onClick={signing_out.clear}>Close</Button><Button type="submit" kind="primary">Try again</Button></>}>
          <Failure failure={signing_out.failure} />
        </Dialog>
      )}
      {overlay === "palette" && <Palette close={() => set_overlay(null)} />}
      {overlay === "keys" && <Shortcuts close={() => set_overlay(null)} />}
    </div>
  );
}

