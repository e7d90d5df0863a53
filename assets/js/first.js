/* Stands in the HTML itself, before anything is painted: the page's language and whether it is light or dark. */
(() => {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = asked === "dark" || asked === "light" ? asked : dark ? "dark" : "light";
})();
