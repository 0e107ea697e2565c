// Icons of 24 units, drawn by lines, decorative unless a label is given.
const paths = {
  data: "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3Zm0 0v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  eye: "M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7-10-7-10-7Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  hidden: "M3 3l18 18M10.6 6.1A9.9 9.9 0 0 1 12 6c6.400 0 10 6 10 6a17 17 0 0 1-3.200 3.700M6.500 7.500A16 16 0 0 0 2 12s3.600 7 10 7a9.800 9.800 0 0 0 4.500-1.100M9.900 9.900a3 3 0 0 0 4.200 4.200",
  access: "M12 3l8 3v6c0 4.500-3.200 7.800-8 9-4.800-1.200-8-4.500-8-9V6l8-3Zm-3 9l2.200 2.200L15.500 10",
  audit: "M8 6h13M8 12h13M8 18h13M3.500 6h.01M3.500 12h.01M3.500 18h.01",
  release: "M12 3v12m0-12l-4.500 4.500M12 3l4.500 4.500M4 15v4a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-4",
  agent: "M12 3v3M6 8h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2Zm3 5v2m6-2v2",
  automation: "M13 2L4 14h7l-1 8 9-12h-7l1-8Z",
  pack: "M12 3l8 4.500v9L12 21l-8-4.500v-9L12 3Zm0 9l8-4.500M12 12v9M12 12L4 7.500",
  health: "M3 12h4l2.500-7 5 14 2.500-7h4",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2l5 5",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  copy: "M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1ZM5 15H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1",
  filter: "M3 5h18l-7 8.500V20l-4-2v-4.500L3 5Z",
  check: "M4 12.500l5 5L20 6.500",
  warning: "M12 3l10 18H2L12 3Zm0 7v5m0 3h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-10v6m0-9h.01",
  key: "M15 9a4 4 0 1 1-8 0 4 4 0 0 1 8 0Zm-1 3l7 7m-3-3l-2 2",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9c.600-4 3.800-6 8-6s7.400 2 8 6",
  role: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 9c.500-3.600 3.300-5.500 7-5.500s6.500 1.900 7 5.500M17 4.500a3.500 3.500 0 0 1 0 7M22 20c-.300-2.500-1.500-4-3.500-5",
  link: "M10 14a4.500 4.500 0 0 0 6.400 0l3.200-3.200a4.500 4.500 0 0 0-6.400-6.400L12 5.600M14 10a4.500 4.500 0 0 0-6.400 0l-3.200 3.200a4.500 4.500 0 0 0 6.400 6.400l1.200-1.200",
  edit: "M4 20l1-4.500L16.500 4l3.500 3.500L8.500 19 4 20Z",
  trash: "M4 7h16M9 7V4h6v3m-9 0l1 14h10l1-14",
  restore: "M4 4v6h6M4.500 10A8 8 0 1 1 4 14",
  up: "M12 19V5m0 0l-6 6m6-6l6 6",
  down: "M12 5v14m0 0l-6-6m6 6l6-6",
  columns: "M4 4h16v16H4V4Zm5.500 0v16M15 4v16",
  code: "M8 7l-5 5 5 5m8-10l5 5-5 5",
  upload: "M12 16V4m0 0L7 9m5-5l5 5M4 20h16",
  download: "M12 4v12m0 0l-5-5m5 5l5-5M4 20h16",
  shared: "M8 8h12v12H8V8ZM4 16V4h12",
  exit: "M14 4h5v16h-5M10 8l-4 4 4 4m-4-4h10",
  diamond: "M12 2l10 10-10 10L2 12 12 2Z",
  dot: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z",
  chevron: "M9 5l7 7-7 7",
};

export function Icon({ name, filled, label }) {
  return (
    <svg viewBox="0 0 24 24" fill={filled ? "currentColor" : "none"} stroke="currentColor" stroke-width="1.8"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden={label ? undefined : "true"} role={label ? "img" : undefined}
      aria-label={label}>
      <path d={paths[name]} />
    </svg>
  );
}

// Shape as well as colour, so that the environments differ for everybody.
export const EnvironmentIcon = ({ environment }) => <Icon name={environment === "production" ? "diamond" : "dot"} filled />;
