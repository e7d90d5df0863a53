/* Stands in the HTML itself, before anything is painted: the page's language and whether it is light or dark. */
(() => {
  const root = document.documentElement;
  const query = new URLSearchParams(location.search);
  const asked = query.get("theme") ?? query.get("__theme"); // that of the page around us, on a Space
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = asked === "dark" || asked === "light" ? asked : dark ? "dark" : "light";
})();
