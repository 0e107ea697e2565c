// The pages in the order of the navigation, with the keys that lead there (`g`, then the key).
export const sections = [
  { path: "/data", name: "Data", icon: "data", key: "d" },
  { path: "/view-as", name: "View as", icon: "eye", key: "v" },
  { path: "/access", name: "Access", icon: "access", key: "c" },
  { path: "/audit", name: "Audit", icon: "audit", key: "a" },
  { path: "/releases", name: "Releases", icon: "release", key: "r" },
  { path: "/agents", name: "Agents", icon: "agent", key: "g" },
  { path: "/automation", name: "Automation", icon: "automation", key: "t" },
  { path: "/packs", name: "Packs", icon: "pack", key: "p" },
  { path: "/health", name: "Health", icon: "health", key: "h" },
];
