// The pages in the order of the navigation, with the keys that lead there (`g`, then the key). The server answers those
// that are `for_admins` to org admins only.
export const sections = [
  { path: "/data", name: "Data", icon: "data", key: "d" },
  { path: "/view-as", name: "View as", icon: "eye", key: "v", for_admins: true },
  { path: "/access", name: "Access", icon: "access", key: "c" },
  { path: "/audit", name: "Audit", icon: "audit", key: "a" },
  { path: "/releases", name: "Releases", icon: "release", key: "r", for_admins: true },
  { path: "/agents", name: "Agents", icon: "agent", key: "g" },
  { path: "/automation", name: "Automation", icon: "automation", key: "t", for_admins: true },
  { path: "/packs", name: "Packs", icon: "pack", key: "p", for_admins: true },
  { path: "/health", name: "Health", icon: "health", key: "h", for_admins: true },
];

// Those that somebody can use; `me` is the answer of /v1/me, or undefined while it is not there.
export const sections_for = (me) => (me?.isOrgAdmin === false ? sections.filter((section) => !section.for_admins) : sections);
