// Tests that do the same on every page do it on a third of them, and on all where STRUERE_PAGES=every (scripts/nightly).
export const every = process.env.STRUERE_PAGES === "every";
export const sampled = (pages) => (every ? pages : pages.filter((_, index) => index % 3 === 0));
